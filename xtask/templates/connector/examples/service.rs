//! A simulated service for `cargo xtask demo --connector __NAME__`: a hundred and twenty things, one of which is
//! changed whenever somebody asks `POST /touch`. Prints `{"url": …, "key": …}` and ends with its standard input.
//! Replace it with what your service does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

const KEY: &str = "a-key-for-the-demo";

/// A thing: its number, and when it was last changed, in milliseconds since 1970.
type Thing = (u32, i64);

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", json!({ "url": format!("http://{}/graphql", listener.local_addr()?), "key": KEY }));
    std::thread::spawn(|| {
        // Whoever started this holds the other end; when that is closed, nobody is left to serve.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let start = now() - 24 * 3_600_000;
    let mut things: Vec<Thing> = (0..120).map(|number| (number, start + i64::from(number) * 1_000)).collect();
    for stream in listener.incoming() {
        // A client that breaks off is its own affair.
        let _ = serve(stream?, &mut things);
    }
    Ok(())
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

fn serve(mut stream: TcpStream, things: &mut [Thing]) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let touches = line.starts_with("POST /touch");
    let (mut length, mut key) = (0, String::new());
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "x-api-key" => key = value.trim().to_owned(),
            _ => {}
        }
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    let answer = if touches {
        if let Some(thing) = things.first_mut() {
            thing.1 = now();
        }
        json!({})
    } else if key != KEY {
        json!({ "errors": [{ "message": "No such key", "extensions": { "code": "UNAUTHENTICATED" } }] })
    } else {
        json!({ "data": data(&serde_json::from_slice(&body).unwrap_or_default(), things) })
    };
    let answer = answer.to_string();
    let date = connector_sdk::testing::http_date(now());
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ndate: {date}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
        answer.len()
    )
}

/// The data of every query that the connector has.
fn data(request: &Value, things: &[Thing]) -> Value {
    if request.get("query").and_then(Value::as_str).is_some_and(|query| query.contains("me {")) {
        return json!({ "me": { "id": "1", "name": "Ada" } });
    }
    let mut newest_first = things.to_vec();
    newest_first.sort_by_key(|(number, changed)| (-changed, *number));
    let after = request.pointer("/variables/after").and_then(Value::as_str).and_then(|cursor| cursor.parse::<usize>().ok()).unwrap_or(0);
    let first = request.pointer("/variables/first").and_then(Value::as_u64).unwrap_or(100) as usize;
    let time = |millis| connector_sdk::time::format(millis);
    let edges: Vec<Value> = newest_first
        .iter()
        .enumerate()
        .skip(after)
        .take(first)
        .map(|(place, (number, changed))| {
            let node = json!({
                "id": number.to_string(),
                "name": format!("Thing {number}"),
                "created": "2020-01-01T00:00:00.000Z",
                "lastChanged": time(*changed),
            });
            json!({ "cursor": (place + 1).to_string(), "node": node })
        })
        .collect();
    let end = after + edges.len();
    let page_info = json!({ "hasNextPage": end < things.len(), "endCursor": end.to_string() });
    let connection = json!({ "totalCount": things.len(), "edges": edges, "pageInfo": page_info });
    json!({ "things": { "connection": connection } })
}
