//! The two repositories, from arguments and environment.

use location::Location;
use repo_tool::open::Place;
use repo_tool::plan::Document;
use tool::{Failure, Io};

use crate::Error;
use crate::args::{Named, Options};

/// The locations of source and destination.
///
/// A destination without a region takes that of the source when both are in one bucket. The
/// source's region is `S3_REGION` where it is not given.
pub fn locations(options: &Options, io: &Io) -> Result<(Location, Location), Failure> {
    let source_region = options.source.region.clone().or_else(|| io.env("S3_REGION"));
    let source_place = match &options.source.place {
        Some(place) => place.clone(),
        None => {
            let bucket = io.env("S3_BUCKET").ok_or(Error::NoSource)?;
            (bucket, io.env("S3_PREFIX").unwrap_or_default())
        }
    };
    let destination_place = options.destination.place.clone().unwrap_or_default();
    let one_bucket = source_place.0 == destination_place.0;
    let destination_region =
        options.destination.region.clone().or_else(|| source_region.clone().filter(|_| one_bucket));

    let source = place(source_place, source_region, &options.source, "--source-endpoint");
    let destination =
        place(destination_place, destination_region, &options.destination, "--dest-endpoint");
    Ok((source.location(io)?, destination.location(io)?))
}

/// The locations in a plan.
pub fn planned(plan: &Document) -> Result<(Location, Location), Failure> {
    let destination = plan.destination.place().location()?;
    let source = plan.source.as_ref().ok_or(Error::NoPlannedSource)?;
    Ok((source.place().location()?, destination))
}

fn place(
    (bucket, prefix): (String, String),
    region: Option<String>,
    named: &Named,
    option: &'static str,
) -> Place {
    let endpoint = named.endpoint.clone().map(|url| (option, url));
    Place { bucket, prefix, region, endpoint, profile: named.profile.clone() }
}
