import { Route, Routes } from "react-router";
import { ShipmentList } from "./ShipmentList";
import { ShipmentPage } from "./ShipmentPage";

export default function Shipments() {
  return (
    <Routes>
      <Route index element={<ShipmentList />} />
      <Route path=":id" element={<ShipmentPage />} />
    </Routes>
  );
}
