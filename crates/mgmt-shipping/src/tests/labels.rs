use serde_json::json;

use super::{NOW, draft, request, rng};
use crate::{
    carrier::Carriers,
    label::{self, LabelFault},
    sheet::RateSheet,
    shipment::{PurchaseDraft, Shipment},
    shipment_state::LabelType,
};

fn bought(parcels: usize) -> Shipment {
    let mut asked = request();
    asked["parcels"] = vec![json!({ "weight": 1.5, "weight_unit": "KG" }); parcels].into();
    asked["reference"] = json!("PO ^XZ 77");
    let sheets = [RateSheet::starter(NOW, &mut rng()).unwrap()];
    let choice = PurchaseDraft { service: Some("standard_service".to_owned()), ..PurchaseDraft::default() };
    draft(asked, &sheets).purchase(choice, &Carriers::built_in(), NOW, &mut rng()).unwrap().0
}

fn number(shipment: &Shipment) -> &str {
    &shipment.state.purchase().unwrap().tracking_number
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The pixels of an image as brightness.
fn pixels(image: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(image));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    (frame.width, frame.height, pixels)
}

#[test]
fn a_scanner_reads_the_number_off_the_image() {
    let shipment = bought(1);
    let image = label::render(&shipment, LabelType::Png).unwrap();
    let (width, height, luma) = pixels(&image);
    assert_eq!((width, height), (812, 1218));
    let read = rxing::helpers::detect_in_luma(luma, width, height, Some(rxing::BarcodeFormat::CODE_128)).unwrap();
    assert_eq!(read.getText(), number(&shipment));
}

#[test]
fn a_page_for_each_parcel() {
    let shipment = bought(3);
    let (_, height, _) = pixels(&label::render(&shipment, LabelType::Png).unwrap());
    assert_eq!(height, 3 * 1218);
    let zpl = text(&label::render(&shipment, LabelType::Zpl).unwrap());
    assert_eq!((zpl.matches("^XA").count(), zpl.matches("^XZ").count()), (3, 3));
    let pdf = text(&label::render(&shipment, LabelType::Pdf).unwrap());
    assert_eq!((pdf.matches("/Type /Page\n").count(), pdf.contains("/Count 3")), (3, true));
}

#[test]
fn texts_stand_on_every_format() {
    let shipment = bought(1);
    let zpl = text(&label::render(&shipment, LabelType::Zpl).unwrap());
    let pdf = text(&label::render(&shipment, LabelType::Pdf).unwrap());
    assert!(pdf.starts_with("%PDF-") && pdf.trim_end().ends_with("%%EOF"));
    for line in ["Ana Luczak", "1 Main St", "San Francisco CA 94105", "Ottawa ON K1A0B1", "Standard Service", number(&shipment)] {
        assert!(zpl.contains(line) && pdf.contains(line), "{line}");
    }
    assert!(zpl.contains("^BCN") && zpl.contains("PO _5EXZ 77"));
    // The Latin-1 letters of WinAnsiEncoding, a byte each, as hexadecimal digits.
    assert!(pdf.to_uppercase().contains("<436166E9205AFC72696368>"));
}

#[test]
fn what_was_not_bought_has_no_label() {
    let sheets = [RateSheet::starter(NOW, &mut rng()).unwrap()];
    let fault = label::render(&draft(request(), &sheets), LabelType::Pdf).unwrap_err();
    assert!(matches!(fault, LabelFault::NotBought));
}

#[test]
fn the_longest_addresses_stay_above_the_bars() {
    let mut asked = request();
    for (party, country, postal_code) in [("shipper", "US", "94105"), ("recipient", "CA", "K1A 0B1")] {
        asked[party] = json!({
            "person_name": "N".repeat(50), "company_name": "C".repeat(50), "address_line1": "a".repeat(60), "address_line2": "b".repeat(60),
            "street_number": "12", "city": "City", "postal_code": postal_code, "country_code": country, "phone_number": "+1 613 555 0199"
        });
    }
    asked["reference"] = json!("R".repeat(100));
    asked["order_id"] = json!("O".repeat(50));
    let sheets = [RateSheet::starter(NOW, &mut rng()).unwrap()];
    let choice = PurchaseDraft { service: Some("standard_service".to_owned()), ..PurchaseDraft::default() };
    let shipment = draft(asked, &sheets).purchase(choice, &Carriers::built_in(), NOW, &mut rng()).unwrap().0;
    let zpl = text(&label::render(&shipment, LabelType::Zpl).unwrap());
    let bars = zpl.lines().find(|line| line.contains("^BC")).unwrap();
    let top = |line: &str| line.split(['^', ',']).nth(2).unwrap().parse::<u32>().unwrap();
    let size = |line: &str| line.split("^A0N,").nth(1).unwrap().split(',').next().unwrap().parse::<u32>().unwrap();
    let above: Vec<&str> = zpl.lines().filter(|line| line.contains("^A0N") && !line.contains(number(&shipment))).collect();
    assert!(above.len() > 12, "{zpl}");
    assert!(above.iter().all(|line| top(line) + size(line) < top(bars) - 30), "{zpl}");
}
