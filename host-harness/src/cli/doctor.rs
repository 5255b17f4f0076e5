//! `harness doctor`: what keeps a call from working, and how to mend it.

use std::time::{Duration, SystemTime};

use clap::Args;
use host::{CacheUse, CallOptions, Connection, ExchangeOutcome, Roots, Trace};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use serde::Serialize;

use super::command_error::CommandError;
use super::connection_option::ConnectionOption;
use super::options::GlobalOptions;
use super::output;
use super::print::PrintOptions;
use super::progress::Progress;
use super::session::Session;

/// Say what keeps a call from working, and how to mend it
///
/// Looks at the folder's settings, the component, its cache, the network's variables, the connection, its key and its
/// expiry; then tests the connection, reading only, and compares the clock with the service's. Exit status 1 if
/// something keeps a call from working. JSON is a list of {"check", "outcome", "says"}.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness doctor
  harness doctor --connection connection.json --offline
  harness doctor --connection connection.json --record doctor.har
  harness doctor --jq '.[] | select(.outcome != \"ok\") | .says'")]
pub(super) struct Arguments {
    #[command(flatten)]
    connection: ConnectionOption,
    /// Send nothing
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    print: PrintOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Ok,
    Warning,
    Problem,
}

#[derive(Serialize)]
struct Check {
    check: &'static str,
    outcome: Outcome,
    says: String,
}

/// What was found so far.
#[derive(Default)]
struct Findings(Vec<Check>);

impl Findings {
    fn add(&mut self, check: &'static str, outcome: Outcome, says: impl Into<String>) {
        self.0.push(Check { check, outcome, says: says.into() });
    }
}

/// Variables by which other programs are told of a proxy.
const PROXY_VARIABLES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
/// Variables by which other programs are told of authorities, and --roots system is.
const AUTHORITY_VARIABLES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];
/// Those that tell other programs, and nothing here.
const OTHER_AUTHORITY_VARIABLES: [&str; 3] = ["CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"];

/// How far a clock may be off: what tokens and caches of services bear.
const MOST_OFF: Duration = Duration::from_secs(60);

/// `settings` is what is known of the folder's settings: that they count, that there are none, or why they do not.
pub(super) async fn run(
    arguments: Arguments,
    options: GlobalOptions,
    settings: Result<String, CommandError>,
) -> Result<(), CommandError> {
    let (printer, for_person) = arguments.print.open_for_people(options.chosen_format())?;
    let mut findings = Findings::default();
    match settings {
        Ok(says) => findings.add("settings", Outcome::Ok, says),
        Err(problem) => findings.add("settings", Outcome::Problem, problem.message()),
    }
    examine(&arguments.connection, arguments.offline, options, &mut findings).await;
    let Findings(checks) = findings;
    if for_person {
        for check in &checks {
            let outcome = match check.outcome {
                Outcome::Ok => "ok",
                Outcome::Warning => "warning",
                Outcome::Problem => "PROBLEM",
            };
            output::text_line(&format!("{outcome:<8} {:<11} {}", check.check, output::one_line(&check.says)))?;
        }
    } else {
        printer.print(&checks, &checks, &[])?;
    }
    match checks.iter().filter(|check| check.outcome == Outcome::Problem).count() {
        0 => Ok(()),
        1 => Err(CommandError::Found("one thing keeps a call from working".to_owned())),
        count => Err(CommandError::Found(format!("{count} things keep a call from working"))),
    }
}

/// Looks at one thing after the other, for as long as the next depends on nothing that is missing.
async fn examine(option: &ConnectionOption, offline: bool, options: GlobalOptions, findings: &mut Findings) {
    if !network(&options, findings) {
        return;
    }
    let session = match Session::open(options).await {
        Ok(session) => session,
        Err(problem) => return findings.add("component", Outcome::Problem, problem.message()),
    };
    let connector = &session.connector;
    let definition = connector.definition();
    let says = format!("{} {}, {} bytes", definition.label, definition.version, connector.size());
    findings.add("component", Outcome::Ok, says);
    match connector.cache_use() {
        CacheUse::Unusable(why) => {
            let says =
                format!("each command compiles the component anew, because {why}: name a folder with --cache-dir");
            findings.add("cache", Outcome::Warning, says);
        }
        cache => findings.add("cache", Outcome::Ok, cache.to_string()),
    }
    let connection = match session.connection(option) {
        Ok(connection) => connection,
        Err(problem) => return findings.add("connection", Outcome::Problem, problem.message()),
    };
    if !connection.problems().is_empty() {
        for problem in connection.problems() {
            findings.add("connection", Outcome::Problem, format!("{}: {}", problem.input, problem.message));
        }
        return;
    }
    findings.add("connection", Outcome::Ok, connection.destination());
    key(&connection, findings);
    if !offline {
        service(&session, &connection, findings).await;
    }
}

/// How requests get to their service, and what else of the machine says so in vain. Gives whether they get there at
/// all.
fn network(options: &GlobalOptions, findings: &mut Findings) -> bool {
    let network = match options.network() {
        Ok(network) => network,
        Err(problem) => {
            findings.add("network", Outcome::Problem, problem.message());
            return false;
        }
    };
    let roots = match (&network.roots, &network.extra_roots_pem) {
        (Roots::Web, None) => "the web's authorities, which are compiled in",
        (Roots::Web, Some(_)) => "the web's authorities and those of --ca-file",
        (_, None) => "this system's authorities",
        (_, Some(_)) => "this system's authorities and those of --ca-file",
    };
    let way = if network.proxy.is_some() { "through the proxy of --proxy" } else { "straight to the service" };
    findings.add("network", Outcome::Ok, format!("{way}; trusted are {roots}"));
    // What a variable holds is not shown: a password may be in it.
    let mut passed_over = |names: &[&'static str], way_out: &str| {
        let set = |name: &&&str| std::env::var_os(**name).is_some_and(|value| !value.is_empty());
        for name in names.iter().filter(set) {
            let says = format!("{name} is set, and a service is asked without it: {way_out}");
            findings.add("network", Outcome::Warning, says);
        }
    };
    if network.proxy.is_none() {
        passed_over(
            &PROXY_VARIABLES,
            "if there is no other way, name the proxy with --proxy, and allow it with --allow-proxy",
        );
    }
    if matches!(network.roots, Roots::Web) && network.extra_roots_pem.is_none() {
        passed_over(&AUTHORITY_VARIABLES, "trust the system's authorities with --roots system");
    }
    if network.extra_roots_pem.is_none() {
        passed_over(&OTHER_AUTHORITY_VARIABLES, "trust the authorities in that file with --ca-file");
    }
    true
}

/// When the key ends.
fn key(connection: &Connection, findings: &mut Findings) {
    let now = SystemTime::now();
    if let Some(expired) = connection.expired(now) {
        return findings.add("key", Outcome::Problem, expired);
    }
    let warnings = connection.warnings(now);
    let is_good = warnings.is_empty();
    for warning in warnings {
        findings.add("key", Outcome::Warning, warning);
    }
    if is_good {
        let end = connection.expiries().iter().find_map(|(_, end)| Timestamp::try_from(*end).ok());
        findings.add(
            "key",
            Outcome::Ok,
            end.map_or_else(|| "it does not say when it expires".to_owned(), |end| format!("expires {end}")),
        );
    }
}

/// Whether the service answers, whose the key is, and how late it is there.
async fn service(session: &Session, connection: &Connection, findings: &mut Findings) {
    let progress = Progress::start("Testing the connection".into());
    let mut options = CallOptions { record_exchanges: true, ..session.call_options(&progress) };
    options.grants.read_only = true;
    let tested = session.connector.test_connection(connection, &options).await;
    drop(progress);
    match tested {
        Ok(outcome) => {
            let account = &outcome.value;
            let of =
                account.organization.as_deref().map_or_else(String::new, |organization| format!(" of {organization}"));
            let took = outcome.trace.duration.as_millis();
            findings.add("service", Outcome::Ok, format!("answers as to {}{of}, in {took} ms", account.user));
            clock(&outcome.trace, findings);
        }
        Err(failure) => {
            clock(&failure.trace, findings);
            findings.add("service", Outcome::Problem, session.test_failed(connection, failure).message());
        }
    }
}

/// Compares this machine's clock with the service's, by what its answer says.
fn clock(trace: &Trace, findings: &mut Findings) {
    let dates = trace.exchanges.iter().filter_map(|exchange| match &exchange.outcome {
        ExchangeOutcome::Answered { headers, .. } => {
            headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("date")).map(|(_, value)| value)
        }
        ExchangeOutcome::Failed(_) => None,
    });
    let Some(theirs) = dates.filter_map(|date| rfc2822::DateTimeParser::new().parse_timestamp(date).ok()).next() else {
        return;
    };
    let off = Timestamp::now().duration_since(theirs);
    let most = SignedDuration::try_from(MOST_OFF).unwrap_or(SignedDuration::ZERO);
    if off.abs() > most {
        let says = format!("it is {} s from the service's: have this machine's clock set", off.abs().as_secs());
        return findings.add("clock", Outcome::Warning, says);
    }
    findings.add("clock", Outcome::Ok, "as the service's");
}
