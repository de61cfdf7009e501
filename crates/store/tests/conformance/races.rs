//! Many at once on one key.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use store::{Condition, Error, Upload};

use crate::place::{Kind, Place, put, text, together};

const WRITERS: usize = 16;

pub fn of_many_writers_if_absent_one_wins(kind: Kind) {
    let place = Place::new(kind);
    let stores: Vec<_> = (0..WRITERS).map(|_| place.open()).collect();
    // SeaweedFS lets them wait for each other a second at a time.
    let rounds = if kind == Kind::SeaweedFs { 2 } else { 20 };
    for round in 0..rounds {
        let key = format!("dist/{round}");
        let start = Barrier::new(WRITERS);
        let results = together(WRITERS, |number| {
            let content = format!("writer {number}");
            let upload = Upload { condition: Condition::IfAbsent, ..Upload::new("text/plain") };
            start.wait();
            match stores[number].put(&key, content.as_bytes(), &upload) {
                Ok(_) => Some(content),
                Err(Error::Precondition { .. }) => None,
                Err(error) => panic!("{error}"),
            }
        });
        let winners: Vec<String> = results.into_iter().flatten().collect();
        assert_eq!(winners.len(), 1, "{winners:?}");
        assert_eq!(text(&stores[0], &key).as_ref(), Some(&winners[0]));
    }
}

pub fn compare_and_swap_loses_no_update(kind: Kind) {
    const UPDATES: usize = 20;
    let place = Place::new(kind);
    put(&place.open(), "packages.json", "0");
    let start = Barrier::new(WRITERS);
    together(WRITERS, |_| {
        let store = place.open();
        start.wait();
        for _ in 0..UPDATES {
            loop {
                let content = store.get("packages.json").unwrap().unwrap();
                let count: usize = String::from_utf8(content.bytes).unwrap().parse().unwrap();
                let upload = Upload {
                    condition: Condition::IfMatch(content.head.etag),
                    ..Upload::new("application/json")
                };
                let next = (count + 1).to_string();
                match store.put("packages.json", next.as_bytes(), &upload) {
                    Ok(_) => break,
                    Err(Error::Precondition { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
    });
    let count = text(&place.open(), "packages.json").unwrap();
    assert_eq!(count, (WRITERS * UPDATES).to_string());
}

pub fn readers_see_whole_objects(kind: Kind) {
    let place = Place::new(kind);
    let store = place.open();
    // State n is n bytes of one letter, with a matching content type.
    let write = |state: usize| {
        let letter = b'a' + (state % 26) as u8;
        let bytes = vec![letter; 20_000 + state * 101];
        let content_type = format!("text/{}", letter as char);
        store.put("dist/key", &bytes, &Upload::new(&content_type)).unwrap();
    };
    write(0);
    let done = AtomicBool::new(false);
    let reads = together(5, |number| {
        if number == 0 {
            (1..150).for_each(write);
            done.store(true, Ordering::Relaxed);
            return 0;
        }
        let store = place.open();
        let mut reads = 0;
        while !done.load(Ordering::Relaxed) {
            let content = store.get("dist/key").unwrap().expect("it is never absent");
            let letter = content.bytes[0];
            assert!(content.bytes.iter().all(|byte| *byte == letter), "a mixture");
            let state = (content.bytes.len() - 20_000) / 101;
            assert_eq!(content.bytes.len(), 20_000 + state * 101);
            assert_eq!(content.head.size, content.bytes.len() as u64);
            let content_type = format!("text/{}", letter as char);
            assert_eq!(content.head.content_type, Some(content_type));
            reads += 1;
        }
        reads
    });
    assert!(reads.iter().sum::<usize>() > 0, "nobody read");
}
