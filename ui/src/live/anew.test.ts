import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, test } from "vitest";
import { ANEW } from "./anew";

test("of what is asked anew with every change the answer before is shown meanwhile, and only the last one is kept", async () => {
  const client = new QueryClient();
  const asked = (change: number) => ({ ...ANEW, queryKey: ["list", change], queryFn: async () => change });
  const observer = new QueryObserver(client, asked(0));
  const stop = observer.subscribe(() => undefined);
  for (let change = 1; change <= 20; change += 1) {
    await expect.poll(() => observer.getCurrentResult().isPlaceholderData).toBe(false);
    await expect.poll(() => observer.getCurrentResult().data).toBe(change - 1);
    observer.setOptions(asked(change));
    expect(observer.getCurrentResult().data).toBe(change - 1);
  }
  await expect.poll(() => client.getQueryCache().getAll().length).toBe(1);
  stop();
});
