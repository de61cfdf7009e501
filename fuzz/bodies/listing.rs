//! What an S3 service may answer when it is asked for a listing: an end, and keys in order.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use location::{Location, Role};
use store::{Access, Options, Patience, Store};

/// A service that gives one answer, whatever it is asked.
struct Service {
    answer: Arc<Mutex<Vec<u8>>>,
    store: Store,
}

impl Service {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("the port just bound"));
        let answer = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&answer);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let Ok(copy) = stream.try_clone() else { return };
                let told = Arc::clone(&told);
                std::thread::spawn(move || {
                    let mut lines = BufReader::new(copy).lines();
                    // Requests for listings have no body: an empty line ends each.
                    while lines.by_ref().map_while(Result::ok).any(|line| line.is_empty()) {
                        let body = told.lock().expect("nobody panics with it").clone();
                        let head =
                            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                        if stream.write_all(&[head.as_bytes(), &body].concat()).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        let env = move |name: &str| match name {
            "S3_BUCKET" => Some("bucket".to_owned()),
            "AWS_ENDPOINT_URL_S3" => Some(url.clone()),
            _ => None,
        };
        let pause = Duration::from_millis(1);
        let patience = Patience {
            attempts: 2,
            connect_attempts: 2,
            first_pause: pause,
            longest_pause: pause,
            ..Patience::default()
        };
        let options =
            Options { access: Access::Anonymous, patience: Some(patience), ..Options::default() };
        let location = Location::from_env(Role::Own, &env).expect("a bucket").expect("is named");
        let store = Store::open(&location.service, &location.bucket, options, &env)
            .expect("nothing is asked for yet");
        Self { answer, store }
    }
}

thread_local! {
    static SERVICE: RefCell<Option<Service>> = const { RefCell::new(None) };
}

/// Takes one input.
pub fn run(data: &[u8]) {
    SERVICE.with_borrow_mut(|service| {
        let service = service.get_or_insert_with(Service::start);
        *service.answer.lock().expect("nobody panics with it") = data.to_vec();
        if let Ok(objects) = service.store.list("p/") {
            assert!(objects.iter().all(|object| object.key.starts_with("p/")), "{objects:?}");
            assert!(objects.is_sorted_by(|a, b| a.key < b.key), "{objects:?}");
        }
    });
}
