import { Route, Routes } from "react-router";
import { CreateShipment } from "./create/CreateShipment";
import { ShipmentList } from "./ShipmentList";
import { ShipmentPage } from "./ShipmentPage";

export default function Shipments() {
  return (
    <Routes>
      <Route index element={<ShipmentList />} />
      <Route path="new" element={<CreateShipment />} />
      <Route path=":id" element={<ShipmentPage />} />
    </Routes>
  );
}
