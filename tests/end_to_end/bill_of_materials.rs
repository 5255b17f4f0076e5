//! Structures, held against a walk that asks for one part at a time; searches, held against the whole list; and
//! products.

use std::collections::BTreeMap;

use crate::support::{Bench, connectors};
use duro_sim::{DuroSim, Fault, Resource};
use host::contract::Error;
use serde_json::{Value, json};

/// What the plain walk finds: level, id and quantity of each line, in order.
async fn plain_walk(bench: &Bench, root: &Value) -> Vec<(u64, String, f64)> {
    let mut found = Vec::new();
    let mut open = vec![(0_u64, root.clone())];
    while let Some((level, part)) = open.pop() {
        let lines: Vec<Value> = part["children"].as_array().cloned().unwrap_or_default();
        if level > 0 {
            found.push((level, part["id"].as_str().unwrap().to_owned(), part["quantity"].as_f64().unwrap()));
        }
        for line in lines.iter().rev() {
            let inputs = json!({ "componentId": line["component"]["id"] });
            let mut below = bench.perform("getComponentById", inputs).await["componentsByIds"][0].clone();
            below["quantity"] = line["quantity"].clone();
            open.push((level + 1, below));
        }
    }
    found
}

#[tokio::test]
async fn a_structure_is_what_a_walk_part_by_part_finds_in_a_fraction_of_the_requests() {
    let bench = Bench::with(DuroSim::builder().components(300)).await;
    let products = bench.perform("listProducts", json!({})).await;
    let mut deepest = 0;
    for product in products.as_array().unwrap() {
        let root =
            bench.perform("getProductById", json!({ "productId": product["id"] })).await["productsByIds"][0].clone();
        bench.sim.clear_requests();
        let expected = plain_walk(&bench, &root).await;
        let one_by_one = bench.sim.requests().len();
        bench.sim.clear_requests();
        let indented = bench.perform("getBillOfMaterials", json!({ "productId": product["id"] })).await;
        let rows = indented["rows"].as_array().unwrap();
        let levels = rows.iter().map(|row| row["level"].as_u64().unwrap()).max().unwrap();
        assert!(bench.sim.requests().len() as u64 <= levels + 1, "more than a request a level");
        assert!(bench.sim.requests().len() <= one_by_one + 1);
        deepest = deepest.max(levels);
        let got: Vec<_> = rows[1..]
            .iter()
            .map(|row| {
                let id = row["id"].as_str().unwrap().to_owned();
                (row["level"].as_u64().unwrap(), id, row["quantity"].as_f64().unwrap())
            })
            .collect();
        assert_eq!(got, expected);
        assert_eq!(indented["more"], json!(false));

        let mut totals: BTreeMap<String, f64> = BTreeMap::new();
        let mut factors = vec![1.0];
        for (level, id, quantity) in expected {
            factors.truncate(usize::try_from(level).unwrap());
            let total = factors.last().unwrap() * quantity;
            factors.push(total);
            *totals.entry(id).or_default() += total;
        }
        let flat = bench.perform("getBillOfMaterials", json!({ "productId": product["id"], "shape": "flat" })).await;
        let rows = flat["rows"].as_array().unwrap();
        assert_eq!(rows.len(), totals.len());
        for row in rows {
            let expected = totals[row["id"].as_str().unwrap()];
            assert!((row["quantity"].as_f64().unwrap() - expected).abs() < 1e-6, "{row} is not {expected}");
        }
        bench.perform("getBillOfMaterials", json!({ "productId": product["id"], "shape": "nested" })).await;
    }
    assert!(deepest >= 2, "the simulated structures are too flat to show anything");
}

#[tokio::test]
async fn a_structure_is_whole_or_an_error() {
    let bench = Bench::with(DuroSim::builder().components(120)).await;
    let product = bench.perform("listProducts", json!({ "first": 1 })).await[0]["id"].clone();
    bench.sim.fault_when(|request| {
        let is_component = request.body_json().is_some_and(|body| body["operationName"] == "BomComponents");
        is_component.then(|| Fault::graphql_error("Not now"))
    });
    let error = bench.fail("getBillOfMaterials", json!({ "productId": product })).await;
    assert!(matches!(error, Error::Service(_)), "{error:?}");
}

#[tokio::test]
async fn products_are_listed_found_and_picked() {
    let bench = Bench::new().await;
    let all = bench.perform("listProducts", json!({ "first": 1000 })).await;
    let personal = bench.perform("listProducts", json!({ "libraryType": "PERSONAL" })).await;
    assert!(all.as_array().unwrap().len() > 10 && !personal.as_array().unwrap().is_empty());
    for product in all.as_array().unwrap() {
        let found = bench.perform("getProductById", json!({ "productId": product["id"] })).await;
        assert_eq!(found["productsByIds"][0]["name"], product["name"]);
    }
    let error = bench.fail("getProductById", json!({ "productId": "ffffffffffffffffffffffff" })).await;
    assert!(matches!(error, Error::NotFound(_)), "{error:?}");

    let pick = async |search: Option<&str>| {
        let inputs = json!({ "first": 5 });
        let asked =
            bench.connector.query("selectProduct", &bench.connection, &inputs, search, None, &bench.options).await;
        asked.unwrap_or_else(|failure| panic!("{failure}")).value
    };
    let page = pick(None).await;
    assert_eq!((page.items.len(), page.next.is_some()), (5, true));
    let number = all[7]["cpn"]["displayValue"].as_str().unwrap();
    assert_eq!(pick(Some(number)).await.items[0].key, all[7]["id"].as_str().unwrap());
    assert_eq!(pick(Some("product 5:")).await.items.len(), 1);
    let options = &bench.options;
    let wrong = bench.connector.query("selectProduct", &bench.connection, &json!({}), None, Some("p:x"), options).await;
    assert!(matches!(connectors(*wrong.unwrap_err()), Error::InvalidInput(_)));
    // A part is no product.
    let part = bench.sim.records(Resource::Components).remove(0).id;
    assert!(matches!(bench.fail("getBillOfMaterials", json!({ "productId": part })).await, Error::NotFound(_)));
}

#[tokio::test]
async fn what_a_search_finds_is_what_the_whole_list_holds() {
    let bench = Bench::with(DuroSim::builder().components(450)).await;
    let all = bench.perform("findComponents", json!({ "first": 10_000 })).await;
    let rows = all["rows"].as_array().unwrap();
    assert_eq!((rows.len(), &all["more"]), (bench.sim.records(Resource::Components).len(), &json!(false)));
    let times: Vec<&str> = rows.iter().map(|row| row["lastModified"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b));
    let some =
        |inputs: Value| async { bench.perform("findComponents", inputs).await["rows"].as_array().unwrap().clone() };
    let matching = |is_it: &dyn Fn(&Value) -> bool| rows.iter().filter(|row| is_it(row)).cloned().collect::<Vec<_>>();
    let with_status = matching(&|row| row["status"] == "PRODUCTION");
    assert!(!with_status.is_empty());
    assert_eq!(some(json!({ "statuses": "production", "first": 10_000 })).await, with_status);
    assert_eq!(
        some(json!({ "changedSince": times[57], "first": 10_000 })).await,
        matching(&|row| row["lastModified"].as_str().unwrap() >= times[57])
    );
    for row in rows.iter().step_by(60) {
        let number = row["partNumber"].as_str().unwrap().to_lowercase();
        let found = some(json!({ "partNumber": number })).await;
        assert_eq!(found, matching(&|other| other["partNumber"] == row["partNumber"]), "{number}");
    }
}
