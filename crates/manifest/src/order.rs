//! The two orders of this domain: the natural one of strings, and that of versions in names.
//!
//! **Natural order** ([`natural()`]) is how packages are sorted, everywhere: `8.3.10` stands after
//! `8.3.9`. A string is a row of runs, digits and other characters in turn. Runs of digits compare
//! as numbers of any size, other runs by code point. A string that starts with a digit is compared
//! as if an empty run stood in front of it. A prefix is smaller. Strings that differ in leading
//! zeros only (`1.0`, `1.00`) are equal here: where such a tie must not stay open, the caller
//! breaks it.
//!
//! **The best version** ([`best_match`]) is what a wildcard dependency means. Of the keys that
//! match, a stable version wins over a pre-release, then a higher version over a lower one, then a
//! later build (`+build2`) over an earlier one. A pattern asks for a pre-release by holding one
//! (`php-8.4.0RC*`): then nothing stable matches. What is not part of a version is compared in
//! natural order. The names are older than semantic versioning: `9.21.0.311`, `3.3.0RC1`,
//! `4.2.8p15` and dates are versions too, so the stages and their order are Composer's: `dev`,
//! `alpha`, `beta`, `RC`, stable, `patch`.
//!
//! Both are total orders, and both agree with the table `tests/order.tsv`, which a second writing of
//! these rules in Python agrees with too.

mod natural;
mod version;

pub use natural::natural;
pub use version::{best_match, composer_form};
