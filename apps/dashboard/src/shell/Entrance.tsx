import { Anchor, Box, Paper, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { strings } from "@/strings";
import { usePageTitle } from "@/ui/Page";
import classes from "./Entrance.module.css";
import { Logo } from "./Logo";

interface EntranceProps {
  title: string;
  heading?: string;
  text?: ReactNode;
  /** A way back to the sign-in. */
  back?: boolean;
  wide?: boolean;
  children?: ReactNode;
}

/** The frame of pages that need no session. */
export function Entrance({ title, heading, text, back = false, wide = false, children }: EntranceProps) {
  const top = usePageTitle(title);
  return (
    <Box component="main" className={classes.frame}>
      <Stack gap="lg" w="100%" maw={wide ? 620 : 400}>
        <Logo />
        <Paper p={{ base: "lg", sm: "xl" }} shadow="sm" bg="var(--app-surface)">
          <Stack gap="md">
            <div>
              <Title order={1} size="h2" fz="1.25rem" ref={top} tabIndex={-1}>
                {heading ?? title}
              </Title>
              {text ? (
                <Text size="sm" c="dimmed" mt={4} component="div">
                  {text}
                </Text>
              ) : null}
            </div>
            {children}
          </Stack>
        </Paper>
        {back ? (
          <Anchor component={Link} to="/sign-in" size="sm" ta="center">
            {strings.signIn.back}
          </Anchor>
        ) : null}
      </Stack>
    </Box>
  );
}
