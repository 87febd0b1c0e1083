import { Route, Routes } from "react-router";
import { ProjectDetail } from "./ProjectDetail";
import { ProjectList } from "./ProjectList";

export default function Projects() {
  return (
    <Routes>
      <Route index element={<ProjectList />} />
      <Route path=":projectId/:tab?" element={<ProjectDetail />} />
    </Routes>
  );
}
