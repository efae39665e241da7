//! `price-book import`: list prices come into a book to the last digit, and nothing else of it changes.

#[cfg(test)]
mod common;

use common::imported::{DAY, genai, import, import_text, litellm, rates};
use common::program::{run, text};
use kumari_server::price::DEFAULT_PRICE_BOOK;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn a_text_model_of_litellm_is_priced_to_the_last_digit() {
    let list = litellm(&[(
        "new/model",
        r#"@, "source": "https://prices.example", "input_cost_per_token": 1.25e-07,
        "cache_read_input_token_cost": 0.0000000125, "cache_creation_input_token_cost": 0.0,
        "cache_creation_input_token_cost_above_1hr": 2.5E-7, "output_cost_per_token": 1e-06,
        "input_cost_per_audio_token": 0.00012345678901, "input_cost_per_token_batches": 6e-08,
        "input_cost_per_token_above_200k_tokens": 2.5e-07,
        "output_cost_per_token_above_200k_tokens": 1.5e-06,
        "search_context_cost_per_query": {"search_context_size_low": 0.01}"#,
    )]);
    let imported = import_text("litellm", &list, &[]).unwrap();
    let model = imported.model("new/model");
    let base = [
        ("audio_input_tokens", "12345.678901/1000000"),
        ("cache_read_tokens", "1.25/1000000"),
        ("cache_write_1h_tokens", "25/1000000"),
        ("cache_write_tokens", "12.5/1000000"),
        ("input_tokens", "12.5/1000000"),
        ("output_tokens", "100/1000000"),
        ("reasoning_tokens", "100/1000000"),
    ];
    assert_eq!(rates(&model["rates"]), base.map(|(meter, rate)| (meter, rate.to_owned())).into());
    let tier = &model["tiers"][0];
    assert_eq!(tier["above_input_tokens"], 200_000);
    let tier = rates(&tier["rates"]);
    assert_eq!(tier["input_tokens"], "25/1000000");
    assert_eq!(tier["output_tokens"], "150/1000000");
    assert_eq!(tier["cache_read_tokens"], "1.25/1000000", "the base's, as it has none of its own");
    assert_eq!(tier["cache_write_tokens"], "25/1000000", "writing costs the input that it is");
    assert_eq!(tier["cache_write_1h_tokens"], "25/1000000");
    assert_eq!((&model["name"], &model["provider"]), (&json!("model"), &json!("p")));
    let kind = &model["kind"]["text"];
    assert_eq!(
        (&kind["context_tokens_max"], &kind["output_tokens_max"]),
        (&json!(100_000), &json!(8_000))
    );
    assert_eq!((&kind["tier"], &kind["encoding"]["high"]), (&json!("lightweight"), &json!("9")));
    let source = &model["source"];
    assert!(source["package"].as_str().unwrap().starts_with("litellm, sha256 "), "{source}");
    assert_eq!(
        (&source["page"], &source["read_on"]),
        (&json!("https://prices.example"), &json!(DAY))
    );
    assert!(source["note"].as_str().unwrap().contains("cache_write_tokens, reasoning_tokens"));
    let left_out = json!(["input_cost_per_token_batches", "search_context_cost_per_query"]);
    assert_eq!(imported.priced()["new/model"]["left_out"], left_out);
    assert!(imported.said.contains("1 priced: 1 new, 0 with other rates, 0 as they were"));
    let checked = kumari_wire::publish(&imported.book.to_string()).unwrap();
    let counted = serde_json::from_str::<Value>(DEFAULT_PRICE_BOOK).unwrap();
    assert_eq!(checked.book.models.len(), counted["models"].as_array().unwrap().len() + 1);
}

#[test]
fn surcharges_are_named_and_a_comment_is_kept() {
    let list = litellm(&[
        (
            "regional",
            r#"@, "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6, "comment": "Flat.",
            "regional_processing_uplift_multiplier_eu": 1.1,
            "regional_processing_uplift_multiplier_us": 1.1,
            "regional_endpoint_uplift_multiplier": 1.1,
            "provider_specific_entry": {"us": 1.1, "fast": 2.0}"#,
        ),
        (
            "schema",
            r#"@, "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6,
            "provider_specific_entry": {"schema": "v2"}, "comment": "Not this.",
            "metadata": {"comment": "This."}"#,
        ),
    ]);
    let imported = import_text("litellm", &list, &[]).unwrap();
    let left_out = json!([
        "provider_specific_entry",
        "regional_endpoint_uplift_multiplier",
        "regional_processing_uplift_multiplier_eu",
        "regional_processing_uplift_multiplier_us",
    ]);
    assert_eq!(imported.priced()["regional"]["left_out"], left_out);
    assert_eq!(imported.priced()["schema"].get("left_out"), None, "it has no number");
    for (id, comment) in [("regional", "; Flat."), ("schema", "; This.")] {
        let note = imported.model(id)["source"]["note"].as_str().unwrap();
        assert!(note.ends_with(comment), "{note}");
    }
}

#[test]
fn what_a_tier_of_litellm_does_not_price_is_said() {
    let list = litellm(&[(
        "tier",
        r#"@, "input_cost_per_token": 2e-6, "output_cost_per_token": 8e-6,
        "cache_read_input_token_cost": 2e-7, "cache_creation_input_token_cost": 2.5e-6,
        "cache_creation_input_token_cost_above_1hr": 5e-6,
        "input_cost_per_token_above_100k_tokens": 2.4e-6,
        "output_cost_per_token_above_100k_tokens": 9e-6,
        "input_cost_per_token_above_200k_tokens": 4e-6,
        "cache_creation_input_token_cost_above_200k_tokens": 6e-6,
        "output_cost_per_token_above_200k_tokens": 12e-6,
        "input_cost_per_token_above_300k_tokens": 7e-6,
        "output_cost_per_token_above_300k_tokens": 12e-6"#,
    )]);
    let imported = import_text("litellm", &list, &[]).unwrap();
    let model = imported.model("tier");
    let caches = ["cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens"];
    for (tier, expected) in [(0, [20, 250, 500]), (1, [20, 600, 600]), (2, [20, 700, 700])] {
        let rates = rates(&model["tiers"][tier]["rates"]);
        let expected = expected.map(|credits| format!("{credits}/1000000"));
        assert_eq!(caches.map(|meter| rates[meter].clone()), expected, "tier {tier}");
    }
    let note = model["source"]["note"].as_str().unwrap();
    for said in [
        "no price in the tier, so as below it: \
         cache_read_tokens, cache_write_tokens, cache_write_1h_tokens; ",
        "no price in the tier, so as plain input or writing there: \
         cache_write_tokens, cache_write_1h_tokens",
    ] {
        assert!(note.contains(said), "{note}");
    }
}

#[test]
fn tiers_as_a_table_and_things_of_litellm() {
    let list = litellm(&[
        (
            "table",
            r#"@, "tiered_pricing": [
            {"range": [0, 32000.0], "input_cost_per_token": 1e-6, "output_cost_per_token": 4e-6},
            {"range": [32000.0, 1e6], "input_cost_per_token": 2e-6, "output_cost_per_token": 8e-6,
             "cache_read_input_token_cost": 5e-7}]"#,
        ),
        ("image", r##"#: "image_generation", "output_cost_per_image": 0.0401"##),
        (
            "made-as-input",
            r##"#: "image_edit", "input_cost_per_image": 0.06, "output_cost_per_pixel": 0"##,
        ),
        ("video", r##"#: "video_generation", "output_cost_per_second": 0.15"##),
        (
            "mesh",
            r##"#: "image_generation", "output_cost_per_image": 0.3,
            "metadata": {"comment": "image-to-3D, a mesh"}"##,
        ),
    ]);
    let imported = import_text("litellm", &list, &["--tier", "frontier"]).unwrap();
    let table = imported.model("table");
    assert_eq!(rates(&table["rates"])["cache_read_tokens"], "100/1000000");
    assert_eq!(table["tiers"][0]["above_input_tokens"], 32_000);
    let tier = rates(&table["tiers"][0]["rates"]);
    assert_eq!(
        (tier["cache_read_tokens"].as_str(), tier["output_tokens"].as_str()),
        ("50/1000000", "800/1000000")
    );
    assert_eq!(table["kind"]["text"]["tier"], "frontier");
    for (id, kind, rate) in [
        ("image", json!("image"), json!({"images": {"credits": "4.01", "per": 1}})),
        ("made-as-input", json!("image"), json!({"images": {"credits": "6", "per": 1}})),
        (
            "video",
            json!({"video": {"block_seconds": 1, "clip_seconds_max": 8}}),
            json!({"video_blocks": {"credits": "15", "per": 1}}),
        ),
        ("mesh", json!("three_d"), json!({"three_d_models": {"credits": "30", "per": 1}})),
    ] {
        let model = imported.model(id);
        assert_eq!((&model["kind"], &model["rates"]), (&kind, &rate), "{id}");
    }
    assert_eq!(imported.model("mesh")["source"]["note"], "image-to-3D, a mesh");
}

#[test]
fn a_model_of_genai_prices_is_priced_as_of_its_day() {
    let list = genai(&[
        (
            "tiers",
            r#""name": "Tiers", "prices": {"input_mtok": {"base": 3, "tiers": [{"start": 200000, "price": 6}]},
            "output_mtok": {"base": 15, "tiers": [{"start": 300000, "price": 22.5}]},
            "cache_write_1h_mtok": 6, "input_audio_mtok": 0.1, "web_searches_kcount": 10}"#,
        ),
        (
            "dated",
            r#""price_comments": "Read it.", "prices": [{"prices": {"input_mtok": 1, "output_mtok": 2}},
            {"constraint": {"start_date": "2026-11-23"}, "prices": {"input_mtok": 3, "output_mtok": 4}},
            {"constraint": {"start_date": "2027-01-01"}, "prices": {"input_mtok": 5, "output_mtok": 6}}]"#,
        ),
    ]);
    for list in [list.clone(), format!(r#"{{"units": {{}}, "providers": {list}}}"#)] {
        let imported = import_text("genai-prices", &list, &[]).unwrap();
        let model = imported.model("p/tiers");
        assert_eq!((&model["name"], &model["provider"]), (&json!("Tiers"), &json!("p")));
        assert_eq!(model["source"]["page"], "https://p.example/prices");
        let base = rates(&model["rates"]);
        assert_eq!(
            (base["input_tokens"].as_str(), base["audio_input_tokens"].as_str()),
            ("300/1000000", "10/1000000")
        );
        let tiers = model["tiers"].as_array().unwrap();
        let tier =
            |index: usize| (&tiers[index]["above_input_tokens"], rates(&tiers[index]["rates"]));
        let ((first, below), (second, above)) = (tier(0), tier(1));
        assert_eq!((first, second, tiers.len()), (&json!(200_000), &json!(300_000), 2));
        assert_eq!(
            (below["input_tokens"].as_str(), below["output_tokens"].as_str()),
            ("600/1000000", "1500/1000000")
        );
        assert_eq!(
            (above["input_tokens"].as_str(), above["output_tokens"].as_str()),
            ("600/1000000", "2250/1000000")
        );
        assert_eq!(above["cache_write_tokens"], "600/1000000");
        let dated = imported.model("p/dated");
        assert_eq!(rates(&dated["rates"])["input_tokens"], "300/1000000");
        assert!(
            dated["source"]["note"].as_str().unwrap().contains("another price from 2027-01-01")
        );
        assert_eq!(imported.priced()["p/tiers"]["left_out"], json!(["web_searches_kcount"]));
    }
}

#[test]
fn what_the_book_has_keeps_all_but_its_rates() {
    let list = litellm(&[
        ("gpt-6-luna", r#"@, "input_cost_per_token": 2e-07, "output_cost_per_token": 1e-06"#),
        ("x/grok", r#"@, "input_cost_per_token": 2e-06, "output_cost_per_token": 6e-06"#),
        ("other", r#"@, "input_cost_per_token": 2e-06, "output_cost_per_token": 6e-06"#),
        ("x/veo", r##"#: "video_generation", "output_cost_per_second": 0.2"##),
    ]);
    let before: Value = serde_json::from_str(DEFAULT_PRICE_BOOK).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let [ours, new] = ["ours.json", "new.json"].map(|name| folder.path().join(name));
    let mut edited = before.clone();
    edited["tasks"][0]["offers"][0]["per_request"] = json!("0.3");
    std::fs::write(&ours, edited.to_string()).unwrap();
    let named = "gpt-6*,grok-4.7=x/grok,veo-3.1-generate-001=x/veo";
    let (ours, new) = (ours.to_str().unwrap(), new.to_str().unwrap());
    let asked = ["--into", ours, "--models", named, "--output", new, "--credits-per-usd", "50"];
    let imported = import_text("litellm", &list, &asked).unwrap();
    assert_eq!(imported.refused(), BTreeMap::from([("other", "not_chosen".to_owned())]));
    let changes =
        imported.priced().into_values().map(|one| (one["id"].clone(), one["change"].clone()));
    let replaced = |id| (json!(id), json!("replaced"));
    let expected = [replaced("gpt-6-luna"), replaced("grok-4.7"), replaced("veo-3.1-generate-001")];
    assert_eq!(changes.collect::<Vec<_>>(), expected);

    let after: Value = serde_json::from_slice(&std::fs::read(new).unwrap()).unwrap();
    let model = |book: &Value, id: &str| {
        let models = book["models"].as_array().unwrap().clone();
        models.into_iter().find(|model| model["id"] == id).unwrap()
    };
    let luna = model(&after, "gpt-6-luna");
    assert_eq!(rates(&luna["rates"])["input_tokens"], "10/1000000");
    assert_eq!(luna.get("tiers"), None, "the list has none");
    assert_eq!(luna["kind"], model(&before, "gpt-6-luna")["kind"]);
    assert_eq!(luna["name"], "GPT-6 Luna");
    let veo = model(&after, "veo-3.1-generate-001");
    assert_eq!(veo["rates"]["video_blocks"]["credits"], "40", "four seconds a block, as before");
    // Apart from these three it is the book that it went into.
    let mut rest = after.clone();
    for (index, one) in before["models"].as_array().unwrap().iter().enumerate() {
        assert_eq!(rest["models"][index]["id"], one["id"]);
        rest["models"][index] = one.clone();
    }
    assert_eq!(rest, edited);

    let checked = run(&["price-book", "check", new]);
    assert!(text(&checked.stdout).contains("is complete: 33 models"), "{checked:?}");
    let differs = text(&run(&["price-book", "diff", ours, new]).stdout);
    assert!(
        differs.contains("model grok-4.7, output tokens: 600 for 1000000 -> 300 for 1000000"),
        "{differs}"
    );
    // Once more changes nothing.
    let asked = ["--into", new, "--models", named, "--credits-per-usd", "50"];
    let again = import_text("litellm", &list, &asked).unwrap();
    assert!(
        again.said.contains("3 priced: 0 new, 0 with other rates, 3 as they were"),
        "{}",
        again.said
    );
    assert_eq!(again.book, after);
}

#[test]
fn what_a_list_does_not_say_can_be_said() {
    let list = litellm(&[(
        "endless",
        r##"#: "chat", "input_cost_per_token": 1.26e-6, "output_cost_per_token": 1e-6"##,
    )]);
    let asked = ["--context-tokens", "5000", "--encoding-of", "deepseek-flash"];
    let imported = import_text("litellm", &list, &asked).unwrap();
    let text = &imported.model("endless")["kind"]["text"];
    assert_eq!(
        (&text["context_tokens_max"], &text["output_tokens_max"]),
        (&json!(5_000), &json!(5_000))
    );
    assert_eq!((&text["encoding"]["high"], &text["tier"]), (&json!("4.5"), &json!("frontier")));
    let note = imported.model("endless")["source"]["note"].as_str().unwrap();
    for assumed in ["context_tokens_max assumed", "output_tokens_max assumed", "tier by its price"]
    {
        assert!(note.contains(assumed), "{note}");
    }
}

#[test]
fn what_cannot_be_imported_says_why_and_what_to_do() {
    let fine = r#"@, "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6"#;
    let list = litellm(&[("a", fine), ("b", fine), ("zero", r##"#: "chat""##)]);
    let twice = format!("{}, {}", list.strip_suffix('}').unwrap(), r#""a": {}}"#);
    for (list, more, expected) in [
        (list.as_str(), &["--models", "c*"][..], "--models: `c*` names no entry of the file"),
        (&list, &["--models", "x=a,x=b"], "`a` and `b` would both be the model `x`"),
        (&list, &["--models", "a,a=b"], "`a` and `b` would both be the model `a`"),
        (&list, &["--models", "x y=a"], "--models: `x y` is not an id"),
        (&list, &["--models", "x=a,y=a"], "`a` gets two ids"),
        (&list, &["--models", "zero"], "nothing is imported"),
        (&list, &["--credits-per-usd", "0"], "--credits-per-usd must be above zero"),
        (
            &list,
            &["--encoding-of", "trellis-2"],
            "--encoding-of: the book has no text model `trellis-2`",
        ),
        (&list, &["--into", "nowhere.json"], "cannot read nowhere.json"),
        (&list, &["--output", "/nowhere/new.json"], "cannot write /nowhere/new.json"),
        (&twice, &[], "occurs twice"),
        ("[]", &[], "is not of the form of litellm"),
        ("{", &[], "is not of the form of litellm"),
    ] {
        let fault = import_text("litellm", list, more).map(|_| ()).unwrap_err();
        assert!(fault.contains(expected), "{more:?}: {fault}");
    }
    for (list, expected) in [
        ("{}", "`providers` is missing"),
        (r#"[{"id": "p"}]"#, "provider 0: `models` is missing"),
        (&list, "is not of the form of genai-prices"),
    ] {
        let fault = import_text("genai-prices", list, &[]).map(|_| ()).unwrap_err();
        assert!(fault.contains(expected), "{fault}");
    }
    let absent = import("litellm", Path::new("nowhere.json"), &[]).map(|_| ()).unwrap_err();
    assert!(absent.contains("cannot read nowhere.json"), "{absent}");
    let endless = import("litellm", Path::new("/dev/zero"), &[]).map(|_| ()).unwrap_err();
    assert!(endless.contains("/dev/zero has more than 67108864 bytes"), "{endless}");
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("folder");
    std::fs::create_dir(&output).unwrap();
    let asked = ["--output", output.to_str().unwrap()];
    let taken = import_text("litellm", &list, &asked).map(|_| ()).unwrap_err();
    assert!(taken.contains("cannot write"), "{taken}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "and nothing is left beside");
    let day = run(&["price-book", "import", "--from", "litellm", "x", "--read-on", "today"]);
    assert!(text(&day.stderr).contains("write a day as `2026-11-23`"));
}

// What follows reads the packages' own files, where they are installed; the step `prices` of the
// tests names them, and nothing passes for want of one.
