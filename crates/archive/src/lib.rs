//! Archives: reproducible parallel packing, safe streaming unpacking.
