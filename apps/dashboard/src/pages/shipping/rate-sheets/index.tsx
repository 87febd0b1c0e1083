import { Route, Routes } from "react-router";
import { SheetList } from "./SheetList";
import { SheetPage } from "./SheetPage";

export default function RateSheets() {
  return (
    <Routes>
      <Route index element={<SheetList />} />
      <Route path=":id" element={<SheetPage />} />
    </Routes>
  );
}
