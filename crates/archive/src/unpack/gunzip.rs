//! What gzip makes of a file: its members one after another, and zeros behind them.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// Decompresses as `gzip -d` does, and takes nothing but zeros behind the last member.
pub(super) struct Gunzip<B> {
    /// The member that is read; none when all of them are.
    member: Option<GzDecoder<B>>,
    rest: Option<B>,
}

impl<B: BufRead> Gunzip<B> {
    pub fn new(source: B) -> Self {
        Self { member: Some(GzDecoder::new(source)), rest: None }
    }

    /// Where the compressed bytes come from.
    pub fn source(&self) -> Option<&B> {
        self.member.as_ref().map(GzDecoder::get_ref).or(self.rest.as_ref())
    }

    /// Goes from the end of a member to the next one, or to the end of the file.
    fn next_member(&mut self) -> io::Result<()> {
        let Some(mut source) = self.member.take().map(GzDecoder::into_inner) else {
            return Ok(());
        };
        let next = first(&mut source);
        match next {
            Ok(Some(0)) => {
                let zeros = only_zeros(&mut source);
                self.rest = Some(source);
                zeros
            }
            Ok(Some(_)) => {
                self.member = Some(GzDecoder::new(source));
                Ok(())
            }
            Ok(None) => {
                self.rest = Some(source);
                Ok(())
            }
            Err(error) => {
                self.rest = Some(source);
                Err(error)
            }
        }
    }
}

impl<B: BufRead> Read for Gunzip<B> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let count = member.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            self.next_member()?;
        }
        Ok(0)
    }
}

/// The next byte, which stays where it is.
fn first(source: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        match source.fill_buf() {
            Ok(bytes) => return Ok(bytes.first().copied()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn only_zeros(source: &mut impl BufRead) -> io::Result<()> {
    while first(source)?.is_some() {
        let bytes = source.fill_buf()?;
        if bytes.iter().any(|byte| *byte != 0) {
            let message = "other bytes than zeros follow the compressed data";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let count = bytes.len();
        source.consume(count);
    }
    Ok(())
}
