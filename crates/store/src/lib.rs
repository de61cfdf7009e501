//! Object storage: S3 and the folder store behind one blocking face.
