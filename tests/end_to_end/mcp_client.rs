//! A client of the Model Context Protocol that sends what it is told to, sense or not.

use crate::harness::Desk;
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// A client on the standard streams, which sends what it is told to.
pub(crate) struct Client {
    pub(crate) child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    last: u64,
    /// Requests and notifications of the server.
    pub(crate) heard: Vec<Value>,
}

/// All flags but the connection's.
pub(crate) fn serving(desk: &Desk, words: &[&str]) -> Command {
    desk.command(&[&["--allow-http", "--allow-private-network", "mcp"], words].concat())
}

impl Client {
    pub(crate) async fn start(desk: &Desk, words: &[&str]) -> Self {
        Self::start_as(serving(desk, &[&["--connection", "connection.json"], words].concat()), json!({})).await
    }

    pub(crate) async fn start_as(mut command: Command, capabilities: Value) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let output = BufReader::new(output).lines();
        let mut client = Self { child, input, output, last: 0, heard: Vec::new() };
        let params = json!({"protocolVersion": "2025-11-25", "capabilities": capabilities,
            "clientInfo": {"name": "attack", "version": "1"}});
        let answer = client.ask("initialize", params).await;
        assert_eq!(answer["result"]["protocolVersion"], "2025-11-25", "{answer}");
        client.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string()).await;
        client
    }

    pub(crate) async fn send(&mut self, line: &str) {
        self.input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    pub(crate) async fn begin(&mut self, method: &str, params: Value) -> u64 {
        self.last += 1;
        let request = json!({"jsonrpc": "2.0", "id": self.last, "method": method, "params": params});
        self.send(&request.to_string()).await;
        self.last
    }

    /// The next message, as the line that it was.
    pub(crate) async fn line(&mut self) -> String {
        let line = tokio::time::timeout(Duration::from_secs(30), self.output.next_line()).await;
        line.expect("the server answers").unwrap().expect("the server goes on")
    }

    pub(crate) async fn answer_to(&mut self, id: u64) -> Value {
        let answers = |message: &Value| message["id"] == id && message.get("method").is_none();
        // Answers come in any order.
        if let Some(place) = self.heard.iter().position(answers) {
            return self.heard.remove(place);
        }
        loop {
            let message: Value = serde_json::from_str(&self.line().await).unwrap();
            if answers(&message) {
                return message;
            }
            self.heard.push(message);
        }
    }

    pub(crate) async fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params).await;
        self.answer_to(id).await
    }

    pub(crate) async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let answer = self.ask("tools/call", json!({"name": tool, "arguments": arguments})).await;
        assert!(answer.get("error").is_none(), "what goes wrong is a tool's answer: {answer}");
        answer["result"].clone()
    }

    pub(crate) async fn tools(&mut self) -> Vec<String> {
        let answer = self.ask("tools/list", json!({})).await;
        let tools = answer["result"]["tools"].as_array().unwrap();
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    }
}

pub(crate) fn text(result: &Value) -> String {
    let blocks = result["content"].as_array().unwrap();
    blocks.iter().map(|block| block["text"].as_str().unwrap()).collect::<Vec<_>>().join("\n")
}
