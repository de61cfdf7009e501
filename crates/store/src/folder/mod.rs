//! The embedded store: a bucket is a folder, a key is a file.

use std::path::Path;
use std::sync::Arc;

use crate::backend::Backend;
use crate::{Error, Options};

/// Opens the bucket `bucket` below the folder `root`.
pub(crate) fn open(
    _root: &Path,
    _bucket: &str,
    _options: &Options,
) -> Result<Arc<dyn Backend>, Error> {
    todo!()
}
