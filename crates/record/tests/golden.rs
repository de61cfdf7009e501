//! A line of each kind and version, as it was first written. They stay for ever: a program that
//! read them once must read them always.

use record::{Error, Record, Stream};

const START: &str = r#"{"kind":"start.v1","producer":"p1","tool":"bob-build","version":"0.1.0"}"#;
const END: &str = r#"{"kind":"end.v1","producer":"p1","records":1,"status":0}"#;

const GOLDEN: &[&str] = &[
    r#"{"kind":"build.v1","producer":"p1","formula":"libraries/z-1.3","name":"libraries/z-1.3","build-path":"/app/","archive":{"path":"/t/a.tar.gz","size-bytes":12,"sha256":"ab"},"manifest":{"path":"/t/z.composer.json","name":"z.composer.json","sha256":"cd"},"dependencies":[{"name":"php-8.3.*","bucket":"b","key":"p/php-8.3.10.tar.gz","etag":"e1","sha256":"ef"}],"seconds":1.5,"log":"/t/log","temporary":true}"#,
    r#"{"kind":"build.v1","producer":"p1","formula":"z-1","name":"z-1","build-path":"/app/","archive":null,"manifest":null,"dependencies":null,"dependencies-file":"/t/dependencies.json","seconds":0.25,"log":"/t/log","temporary":false}"#,
    r#"{"kind":"deploy.v1","producer":"p1","formula":"z-1","name":"z-1","bucket":"b","prefix":"p/","archive":{"key":"p/z-1.tar.gz","etag":"e1","size-bytes":12,"sha256":"ab","upload":"new"},"manifest":{"key":"p/z-1.composer.json","etag":"e2","size-bytes":3,"sha256":"cd","upload":"resumed"}}"#,
    r#"{"kind":"publish.v1","producer":"p1","bucket":"b","prefix":"p/","key":"p/packages.json","etag":"e3","sha256":"ef","packages":2,"versions":3,"changed":true,"snapshot":"snap1"}"#,
    r#"{"kind":"publish.v1","producer":"p1","bucket":"b","prefix":"p/","key":"p/packages.json","etag":"e3","sha256":"ef","packages":2,"versions":3,"changed":true,"generation":"0000000042-8f3a12bc34de"}"#,
    r#"{"kind":"sync.v1","producer":"p1","bucket":"b","prefix":"p/","package":"z-1","action":"update","manifest":"p/z-1.composer.json","archive":"p/z-1.tar.gz"}"#,
    r#"{"kind":"remove.v1","producer":"p1","bucket":"b","prefix":"p/","package":"z-1","manifest":"p/z-1.composer.json","archive":null}"#,
    r#"{"kind":"check.v1","producer":"p1","finding":"stale-index","severity":"error","key":"p/packages.json","package":"a/z","version":"1","message":"It lacks a/z 1.","advice":"Publish."}"#,
    r#"{"kind":"check.v1","producer":"p1","finding":"orphaned-archive","severity":"warning","key":"p/z-1.tar.gz","message":"Nothing refers to it.","advice":"Remove it."}"#,
    r#"{"kind":"check-summary.v1","producer":"p1","bucket":"b","prefix":"p/","etag":null,"manifests":1,"archives":2,"archive-bytes":24,"snapshots":0,"deep":false,"errors":1,"warnings":1,"infos":0}"#,
    r#"{"kind":"gc.v1","producer":"p1","key":"p/z-1.tar.gz","size-bytes":12,"etag":"e1","what":"archive","removed":true}"#,
    r#"{"kind":"gc-summary.v1","producer":"p1","bucket":"b","prefix":"p/","objects":1,"bytes":12,"removed":1,"removed-bytes":12}"#,
];

#[test]
fn golden_lines_are_read_and_written_as_ever() {
    for line in GOLDEN {
        let stream = Stream::read(format!("{START}\n{line}\n{END}\n").as_bytes()).unwrap();
        let [record] = stream.records.as_slice() else { panic!("{stream:?}") };
        let mut out = Vec::new();
        let mut producer = record::Producer::start(&mut out, "bob-build", "0.1.0").unwrap();
        producer.write(record.clone()).unwrap();
        producer.end(0).unwrap();
        let written = String::from_utf8(out).unwrap();
        let id = written.split('"').nth(7).unwrap();
        let written = written.replace(id, "p1");
        let sorted = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        let lines: Vec<_> = written.lines().map(sorted).collect();
        assert_eq!(lines, [sorted(START), sorted(line), sorted(END)]);
    }
}

#[test]
fn unknown_keys_are_tolerated_and_unknown_kinds_are_not() {
    let start = START.replace('}', r#","more":{"a":1}}"#);
    assert!(Stream::read(format!("{start}\n{}\n", END.replace(":1,", ":0,")).as_bytes()).is_ok());
    let start = START.replace("0.1.0", "newest");
    let (error, _) = Stream::read(start.as_bytes()).unwrap_err();
    assert!(error.to_string().starts_with("line 1 of the records is not a valid start.v1: "));
    let line = r#"{"kind":"build.v9","producer":"p1"}"#;
    let (error, _) = Stream::read(format!("{START}\n{line}\n{END}\n").as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), r#"line 2 of the records is of the unknown kind "build.v9""#);
}

#[test]
fn a_stream_is_whole_or_refused() {
    let line = GOLDEN[1];
    let read = |text: &str| {
        Stream::read(text.as_bytes()).map_err(|(error, records)| (error.to_string(), records.len()))
    };
    let cases = [
        (
            format!("{START}\n{line}\n"),
            "the records of bob-build do not end: it died, or its output was cut",
            1,
        ),
        (
            format!("{START}\n{line}\n{line}\n{END}\n"),
            "bob-build wrote 1 records, but 2 have arrived",
            2,
        ),
        (
            format!("{line}\n"),
            "line 1 of the records is of the producer p1, which has not begun or has ended",
            1,
        ),
        (
            format!("{START}\n{line}\n{END}\n{line}\n"),
            "line 4 of the records is of the producer p1, which has not begun or has ended",
            2,
        ),
        (
            format!("{START}\n{line}\n{START}\n{END}\n"),
            "line 3 of the records begins the producer p1 again",
            1,
        ),
        (
            "nonsense\n".to_owned(),
            "line 1 of the records is not JSON: expected ident at line 1 column 2",
            0,
        ),
        ("[]\n".to_owned(), "line 1 of the records is not a JSON object", 0),
        (
            format!("{START}\n{}\n", "x".repeat(5000)),
            "line 2 of the records is longer than 4096 bytes",
            0,
        ),
    ];
    for (text, message, records) in cases {
        assert_eq!(read(&text).unwrap_err(), (message.to_owned(), records), "{text}");
    }
    assert!(read("").unwrap().producers.is_empty());
}

#[test]
fn mixed_producers_are_told_apart() {
    let other = |line: &str| line.replace("p1", "p2").replace("\"status\":0", "\"status\":9");
    let line = GOLDEN[1];
    let text = [START, &other(START), line, &other(line), &other(END), END].join("\n");
    let stream = Stream::read(text.as_bytes()).unwrap();
    assert_eq!(stream.records.len(), 2);
    assert_eq!(stream.failed(&[]).unwrap().status, 9);
    assert_eq!(stream.failed(&[9]), None);
}

#[test]
fn a_line_stays_within_its_limit() {
    let mut producer = record::Producer::start(std::io::sink(), "x", "1.0.0").unwrap();
    let stream = Stream::read(format!("{START}\n{}\n{END}\n", GOLDEN[1]).as_bytes()).unwrap();
    let Record::Build(mut build) = stream.records[0].clone() else { panic!() };
    build.formula = "f".repeat(5000);
    let error = producer.write(build).unwrap_err();
    assert!(matches!(error, Error::TooLong { kind: "build.v1", .. }), "{error:?}");
}
