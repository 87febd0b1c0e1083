import { Paper, SimpleGrid, Skeleton, Text, VisuallyHidden } from "@mantine/core";
import { strings } from "@/strings";
import { sectionId } from "./FindingsSection";
import type { Finding, Section } from "./rules";
import classes from "./Summary.module.css";

const words = strings.hygiene;

interface SummaryProps {
  found: Record<Section, Finding[]>;
  sections: Section[];
  isPending: boolean;
}

/** How many keys each section is about, with the way there. */
export function Summary({ found, sections, isPending }: SummaryProps) {
  return (
    <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm" component="nav" aria-label={words.summary}>
      {sections.map((section) => (
        <Paper
          key={section}
          component="a"
          href={`#${sectionId(section)}`}
          p="md"
          bg="var(--app-surface)"
          className={classes.card}
        >
          <VisuallyHidden>{words.goTo(words.sections[section].title)}: </VisuallyHidden>
          <Text size="sm" c="dimmed" aria-hidden>
            {words.sections[section].title}
          </Text>
          {isPending ? (
            <Skeleton height={24} width={64} mt={6} />
          ) : (
            <Text size="xl" fw={620} className="tabular">
              {words.found(found[section].length)}
            </Text>
          )}
        </Paper>
      ))}
    </SimpleGrid>
  );
}
