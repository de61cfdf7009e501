//! A formula: a bash script in the workspace.

use std::fs;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use crate::Error;
use crate::header::Header;

/// Formulae are scripts that people write; anything larger is another file by mistake.
const SIZE_LIMIT: u64 = 16 * 1024 * 1024;

/// A formula, with its header read.
#[derive(Debug)]
pub(crate) struct Formula {
    /// Its path below the workspace: `libraries/zlib-1.3`.
    pub name: String,
    /// Its absolute path.
    pub path: PathBuf,
    /// What its header says.
    pub header: Header,
}

impl Formula {
    /// Finds the formula that `argument` names: its path below `workspace`, or a path to it from
    /// `folder`, as a shell's wildcard gives it.
    pub(crate) fn find(argument: &str, workspace: &Path, folder: &Path) -> Result<Self, Error> {
        let missing = || Error::NoFormula { name: argument.to_owned() };
        let workspace = folder.join(workspace);
        let name = name_in(&workspace, folder, argument).ok_or_else(missing)?;
        let path = workspace.join(&name);
        let metadata = fs::metadata(&path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => missing(),
            _ => Error::Formula { path: path.clone(), source },
        })?;
        if !metadata.is_file() {
            return Err(missing());
        }
        let mut text = Vec::new();
        fs::File::open(&path)
            .and_then(|file| file.take(SIZE_LIMIT + 1).read_to_end(&mut text))
            .map_err(|source| Error::Formula { path: path.clone(), source })?;
        if text.len() as u64 > SIZE_LIMIT {
            return Err(Error::NotAScript { path, reason: "it is larger than 16 MiB".to_owned() });
        }
        let header = Header::parse(&text)
            .map_err(|reason| Error::NotAScript { path: path.clone(), reason })?;
        Ok(Self { name, path, header })
    }
}

/// The name below the workspace; `None` when the argument leads out of it.
fn name_in(workspace: &Path, folder: &Path, argument: &str) -> Option<String> {
    let given = Path::new(argument);
    if !given.is_absolute() && plain(given).is_some_and(|path| workspace.join(path).is_file()) {
        return plain(given)?.to_str().map(str::to_owned);
    }
    let file = folder.join(given);
    let inside = |workspace: &Path, file: &Path| {
        let name = file.strip_prefix(workspace).ok().and_then(plain)?;
        name.to_str().map(str::to_owned)
    };
    // As written first: a formula that is a link keeps the name that it has in the workspace.
    inside(workspace, &file)
        .or_else(|| {
            let parent = file.parent()?.canonicalize().ok()?;
            inside(&workspace.canonicalize().ok()?, &parent.join(file.file_name()?))
        })
        .filter(|name| !name.is_empty())
}

/// A relative path without `.`; `None` when it has `..` in it.
fn plain(path: &Path) -> Option<PathBuf> {
    path.components()
        .filter(|part| !matches!(part, Component::CurDir))
        .map(|part| matches!(part, Component::Normal(_)).then_some(part))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_path_below_the_workspace() {
        let place = scratch::Folder::new("formula-test-").unwrap();
        let workspace = place.path().join("my work");
        fs::create_dir_all(workspace.join("libraries")).unwrap();
        fs::write(workspace.join("libraries/z-1"), "").unwrap();
        fs::write(place.path().join("outside"), "").unwrap();
        let absolute = workspace.join("libraries/z-1");
        for argument in [
            "libraries/z-1",
            "./libraries/z-1",
            "my work/libraries/z-1",
            absolute.to_str().unwrap(),
        ] {
            let found = Formula::find(argument, Path::new("my work"), place.path()).unwrap();
            assert_eq!(found.name, "libraries/z-1", "{argument}");
        }
        for argument in ["../outside", "outside", "libraries", "", "nosuch", "/etc/passwd", "a\0b"]
        {
            let found = Formula::find(argument, &workspace, place.path());
            assert!(
                matches!(found, Err(Error::NoFormula { .. } | Error::Formula { .. })),
                "{argument:?}"
            );
        }
    }
}
