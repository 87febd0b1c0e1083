export { BackLink } from "@/ui";
