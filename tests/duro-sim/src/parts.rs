//! One component with everything that hangs on it: files, sources, revisions, children.

use std::sync::Arc;

use fastrand::Rng;

use crate::generate::{often, one_of};
use crate::names;
use crate::schema::component::{Component, CustomSpec, Manufacturer, Mpn, PrimarySource, Spec};
use crate::schema::inputs::LibraryType;
use crate::schema::shared::{Child, Cpn, DocumentLink, DocumentSpecs, File, Revision, User};
use crate::schema::time::DateTime;
use crate::world::World;

pub(crate) const STATUSES: [&str; 4] = ["DESIGN", "PROTOTYPE", "PRODUCTION", "OBSOLETE"];

/// The one record of a new world without a name; it is in the default library.
const NAMELESS: usize = 101;

/// A component of the next number; fields that real libraries leave empty are null now and then.
pub(crate) fn component(world: &mut World, library: LibraryType, created: i64, modified: i64) -> Component {
    let number = world.parts;
    world.parts += 1;
    let kind = names::part_kind(number);
    let cpn = part_number(kind.prefix, number);
    let id = world.new_id(created);
    let creator = some_user(world);
    let images: Vec<_> = (0..world.rng.usize(0..3)).map(|_| Some(file(world, "image/png", "png", created))).collect();
    let image_ids = images.iter().flatten().map(|image| image.id.clone()).collect();
    let documents = (0..world.rng.usize(0..3)).map(|_| Some(document(world, created))).collect();
    let revisions = (0..world.rng.usize(0..4)).map(|index| Some(revision(world, &cpn, index, created))).collect();
    let children = match kind.family {
        "Assembly" => children(world, library, created),
        _ => often(&mut world.rng, 8).then(Vec::new),
    };
    let rng = &mut world.rng;
    Component {
        sequence: 0,
        library,
        id: Some(id),
        name: (number != NAMELESS).then(|| names::part(rng, number)),
        alias: often(rng, 4).then(|| format!("A{number}")),
        description: often(rng, 6).then(|| format!("{} for \"unit {number}\"\nSecond line", kind.category)),
        mass: often(rng, 6).then(|| f64::from(rng.u32(..100_000)) / 1000.0),
        category: Some(kind.category.to_owned()),
        family: Some(kind.family.to_owned()),
        status: Some(one_of(rng, &STATUSES)),
        eid: often(rng, 5).then(|| format!("EID-{number:05}")),
        cpn: Some(cpn),
        legacy_cpn: often(rng, 2).then(|| format!("OLD/{number:04}")),
        revision_value: Some(one_of(rng, &["A", "B", "C", "1.A", "-"])),
        workflow_state: often(rng, 5).then(|| one_of(rng, &["IN_WORK", "IN_REVIEW", "RELEASED"])),
        vendor_id: often(rng, 3).then(|| format!("V-{}", number % 40)),
        unit_of_measure: Some(one_of(rng, &["EACH", "METERS", "GRAMS"])),
        modified: Some(rng.bool()),
        archived: Some(rng.u8(..20) == 0),
        created: Some(DateTime(created)),
        last_modified: Some(DateTime(modified)),
        creator,
        images: Some(images),
        image_ids: Some(image_ids),
        document_links: Some(documents),
        manufacturers: often(rng, 7).then(|| manufacturers(rng, number)),
        primary_source: often(rng, 5).then(|| primary_source(rng, number)),
        specs: Some(specs(rng)),
        custom_specs: often(rng, 5).then(|| custom_specs(number)),
        revision_history: Some(revisions),
        children,
    }
}

/// A number such as `410-00012`, or `410-00013-01` for a variant.
pub(crate) fn part_number(prefix: &str, number: usize) -> Cpn {
    let variant = (number % 6 == 1).then(|| format!("{:02}", number % 4 + 1));
    let display_value = match &variant {
        Some(variant) => format!("{prefix}-{number:05}-{variant}"),
        None => format!("{prefix}-{number:05}"),
    };
    Cpn { display_value: Some(display_value), variant }
}

/// Somebody of the company; now and then nobody, as where a user was removed.
pub(crate) fn some_user(world: &mut World) -> Option<Arc<User>> {
    let World { users, rng, .. } = world;
    if often(rng, 9) { rng.choice(users.iter()).cloned() } else { None }
}

pub(crate) fn file(world: &mut World, mime: &str, extension: &str, created: i64) -> File {
    let id = world.new_id(created);
    let name = one_of(&mut world.rng, &["top view", "Zeichnung \"A\"", "データシート", "photo,1", "drawing"]);
    let address = format!("https://files.example.com/{}/original.{extension}?sig=a%2Bb", id.as_str());
    File {
        key: Some(format!("company/files/{}", id.as_str())),
        name: Some(format!("{name}.{extension}")),
        mime: Some(mime.to_owned()),
        size: Some(world.rng.i32(100..40_000_000)),
        src: Some(address.clone()),
        url: often(&mut world.rng, 7).then_some(address),
        status: Some("UPLOADED".to_owned()),
        archived: Some(false),
        created: Some(DateTime(created)),
        creator: some_user(world),
        id: Some(id),
    }
}

pub(crate) fn document(world: &mut World, created: i64) -> DocumentLink {
    let document = file(world, "application/pdf", "pdf", created);
    let specs = often(&mut world.rng, 7).then(|| DocumentSpecs {
        status: Some("RELEASED".to_owned()),
        kind: Some("DATASHEET".to_owned()),
        revision: Some("B".to_owned()),
        last_modified: Some(DateTime(created)),
    });
    DocumentLink { document: Some(document), specs }
}

/// Up to eight lines of a bill of materials, of components that are there already.
pub(crate) fn children(world: &mut World, library: LibraryType, created: i64) -> Option<Vec<Option<Child>>> {
    let known: Vec<_> = world.components.iter().filter(|part| part.library == library).take(200).cloned().collect();
    let mut lines = Vec::new();
    for item in 1..=world.rng.i32(1..=8) {
        let Some(part) = world.rng.choice(known.iter()) else { break };
        let Some(id) = part.id.clone() else { continue };
        let cpn = part.cpn.clone().unwrap_or(Cpn { display_value: None, variant: None });
        let assembly_revision = often(&mut world.rng, 5).then(|| revision(world, &cpn, 0, created));
        let rng = &mut world.rng;
        lines.push(Some(Child {
            quantity: Some(if often(rng, 8) { f64::from(rng.u8(1..40)) } else { 0.25 }),
            item_number: Some(item),
            notes: often(rng, 3).then(|| "Torque to 0.6 N·m".to_owned()),
            ref_des: often(rng, 4).then(|| format!("R{item}, R{}", item + 20)),
            waste: often(rng, 2).then_some(2.5),
            assembly_revision,
            component_id: id.0,
        }));
    }
    Some(lines)
}

fn revision(world: &mut World, cpn: &Cpn, index: usize, created: i64) -> Revision {
    let value = char::from_u32(u32::from('A') + u32::try_from(index % 26).unwrap_or_default()).unwrap_or('A');
    Revision { id: Some(world.new_id(created)), cpn: Some(cpn.clone()), revision_value: Some(value.to_string()) }
}

fn manufacturers(rng: &mut Rng, number: usize) -> Vec<Option<Manufacturer>> {
    (0..rng.usize(0..3))
        .map(|index| {
            Some(Manufacturer {
                name: Some(one_of(rng, &["Würth Elektronik", "Texas Instruments", "村田製作所", "O-Ring & Sons"])),
                description: often(rng, 5).then(|| "0.1\" pitch, tape & reel".to_owned()),
                mpn: Some(Mpn {
                    key: Some(format!("MPN-{number}/{index}#PBF")),
                    src: often(rng, 5).then(|| format!("https://parts.example.com/?q={number}&x={index}")),
                }),
            })
        })
        .collect()
}

fn primary_source(rng: &mut Rng, number: usize) -> PrimarySource {
    PrimarySource {
        dpn: Some(format!("{number}-1-ND")),
        distributor: Some("Digi-Key".to_owned()),
        manufacturer: Some("Würth Elektronik".to_owned()),
        min_quantity: often(rng, 8).then(|| f64::from(rng.u16(1..5000))),
        mpn: Some(format!("MPN-{number}/0#PBF")),
        unit_price: often(rng, 8).then(|| f64::from(rng.u32(1..1_000_000)) / 10_000.0),
    }
}

fn specs(rng: &mut Rng) -> Vec<Option<Spec>> {
    let all = [("Tolerance", Some("±5 %")), ("Height", Some("1/4\"")), ("Finish", Some("")), ("RoHS", None)];
    let count = rng.usize(0..=all.len());
    all.into_iter()
        .take(count)
        .map(|(key, value)| Some(Spec { key: Some(key.to_owned()), value: value.map(str::to_owned) }))
        .collect()
}

fn custom_specs(number: usize) -> Vec<Option<CustomSpec>> {
    vec![Some(CustomSpec {
        key: Some("Export class".to_owned()),
        spec_id: Some(format!("spec-{}", number % 5)),
        value: Some("EAR99".to_owned()),
    })]
}
