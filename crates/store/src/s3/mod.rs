//! S3: the only module that knows rusoto.

use std::sync::Arc;

use location::{Env, Service};

use crate::backend::Backend;
use crate::{Error, Options};

/// Opens a bucket and looks for credentials.
pub(crate) fn open(
    _service: &Service,
    _bucket: &str,
    _options: Options,
    _env: Env<'_>,
) -> Result<Arc<dyn Backend>, Error> {
    todo!()
}
