import { Route, Routes } from "react-router";
import { TrackerList } from "./TrackerList";
import { TrackerPage } from "./TrackerPage";

export default function Trackers() {
  return (
    <Routes>
      <Route index element={<TrackerList />} />
      <Route path=":id" element={<TrackerPage />} />
    </Routes>
  );
}
