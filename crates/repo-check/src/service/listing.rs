//! Whether listings are complete, and in which order.

use std::collections::BTreeSet;

use store::parallel;
use tool::Io;

use super::ask::{Service, When};
use super::table::{Row, Verdict};

/// The names that are written.
pub const KEYS: [&str; 7] =
    ["list/B", "list/a-", "list/a.b", "list/a/1", "list/a/2", "list/a0", "list/z"];
const FOLDER: &str = "list/";

/// How many keys the thorough question writes: more than a page has.
const MANY: usize = 1100;
const MANY_FOLDER: &str = "many/";

const UNSUPPORTED: &str = "A listing leaves out keys, so packages would be lost from an index: this \
                           service cannot hold a repository.";

/// The rows of this topic.
pub fn rows(service: &Service<'_>) -> Vec<Row> {
    for name in KEYS {
        service.put(name, name, When::Always);
    }
    let whole: Vec<String> = names(service.list(FOLDER, None, None).entries);
    let expected: Vec<String> = KEYS.map(|name| name[FOLDER.len()..].to_owned()).to_vec();
    vec![
        Row::new("list-order", "Order of a listing", order(&whole, &expected), ""),
        Row::new(
            "list-pages",
            "Listing in pages of 2",
            paged(service, FOLDER, 2, &expected),
            UNSUPPORTED,
        ),
        Row::new("list-deleted", "Listing after a removal", deleted(service), ""),
    ]
}

/// The names of the many: some orders that servers make of folders differ from that of bytes, and
/// what is lost is lost where a page ends between the two.
pub fn many() -> Vec<String> {
    const FORMS: [&str; 7] = ["-", "-a", ".a", "/1", "/2", "0", "00"];
    let wide = ["x-", "x.", "x/"].into_iter().flat_map(|form| (0..100).map(move |n| (form, n)));
    let wide = wide.map(|(form, number)| format!("{MANY_FOLDER}{form}{number:02}"));
    let fine = (0..MANY - 300).map(|number| {
        format!("{MANY_FOLDER}y{:03}{}", number / FORMS.len(), FORMS[number % FORMS.len()])
    });
    wide.chain(fine).collect()
}

/// Writes many keys, and lists them.
pub fn thorough(service: &Service<'_>, io: &Io) -> Result<Row, store::Error> {
    let names = many();
    let bar = io.notes().progress(names.len());
    parallel::map(service.store.parallel(), &names, |name| {
        service.store.put(&service.key(name), b"x", &super::ask::UPLOAD)?;
        bar.step(name);
        Ok::<(), store::Error>(())
    })?;
    drop(bar);
    let expected: Vec<String> =
        names.iter().map(|name| name[MANY_FOLDER.len()..].to_owned()).collect();
    let plain = listed(service, MANY_FOLDER, None, &expected);
    let pages = listed(service, MANY_FOLDER, Some(100), &expected);
    // As our tools list, whatever a page says.
    let tools = service.store.list(&service.key(MANY_FOLDER));
    let ours = match &tools {
        Ok(objects) if objects.len() == MANY => "complete".to_owned(),
        Ok(objects) => format!("{} of {MANY}", objects.len()),
        Err(_) => "they stop with an error".to_owned(),
    };
    let good = [&plain, &pages, &ours].iter().all(|answer| *answer == "complete");
    let answer = match good {
        true => "complete".to_owned(),
        false => format!("{plain}; in pages of 100: {pages}; by these tools: {ours}"),
    };
    let verdict = if good { Verdict::Good } else { Verdict::Unsupported };
    Ok(Row::new("list-many", "Listing of 1,100 keys", (answer, verdict), UNSUPPORTED))
}

fn names(entries: Vec<(String, String)>) -> Vec<String> {
    entries.into_iter().map(|(name, _)| name).collect()
}

fn order(found: &[String], expected: &[String]) -> (String, Verdict) {
    let sorted: BTreeSet<&String> = found.iter().collect();
    if sorted.len() < expected.len() {
        let (found, all) = (sorted.len(), expected.len());
        return (format!("{found} of {all} keys"), Verdict::Unsupported);
    }
    match found == expected {
        true => ("by bytes".to_owned(), Verdict::Good),
        // Our tools sort.
        false => ("another".to_owned(), Verdict::Good),
    }
}

fn paged(
    service: &Service<'_>,
    folder: &str,
    size: usize,
    expected: &[String],
) -> (String, Verdict) {
    match listed(service, folder, Some(size), expected).as_str() {
        "complete" => ("complete".to_owned(), Verdict::Good),
        // What is lost between small pages is lost between large ones, too.
        other => (other.to_owned(), Verdict::Unsupported),
    }
}

/// What all pages name, or why there is no next one.
fn listed(service: &Service<'_>, folder: &str, size: Option<usize>, expected: &[String]) -> String {
    let mut found = BTreeSet::new();
    let mut token: Option<String> = None;
    let mut trouble = "";
    for _ in 0..=expected.len() {
        let page = service.list(folder, size, token.as_deref());
        let before = found.len();
        found.extend(names(page.entries));
        if !page.truncated {
            break;
        }
        if page.token.is_none() {
            trouble = ", says there is more, but not where";
            break;
        }
        if page.token == token || found.len() == before {
            trouble = ", goes round in circles";
            break;
        }
        token = page.token;
    }
    let complete = expected.iter().filter(|name| found.contains(*name)).count();
    match (complete == expected.len(), trouble) {
        (true, "") => "complete".to_owned(),
        _ => format!("{complete} of {}{trouble}", expected.len()),
    }
}

fn deleted(service: &Service<'_>) -> (String, Verdict) {
    let name = KEYS[6];
    let gone = service.delete(name, When::Always);
    let listed = names(service.list(FOLDER, None, None).entries);
    let named = listed.iter().any(|found| found == &name[FOLDER.len()..]);
    match (gone.is_success(), named, service.content(name).is_some()) {
        (_, false, false) => ("names it no more".to_owned(), Verdict::Good),
        (true, true, _) => ("still names it".to_owned(), Verdict::Note),
        _ => ("it is not removed".to_owned(), Verdict::Warning),
    }
}
