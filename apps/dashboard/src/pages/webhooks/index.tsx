import { Route, Routes } from "react-router";
import { Detail } from "./Detail";
import { List } from "./List";

export default function Webhooks() {
  return (
    <Routes>
      <Route index element={<List />} />
      <Route path=":id" element={<Detail />} />
    </Routes>
  );
}
