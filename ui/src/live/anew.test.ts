import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, test } from "vitest";
import { ANEW, anew } from "./anew";

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

test("an answer to another question is not shown, and one to the same question is, whatever has happened since", async () => {
  const client = new QueryClient();
  const asked = (filter: string, stamp: number) => ({ ...anew(["list", filter], stamp), queryFn: async () => `${filter} ${stamp}` });
  const observer = new QueryObserver(client, asked("mine", 1));
  const stop = observer.subscribe(() => undefined);
  await expect.poll(() => observer.getCurrentResult().data).toBe("mine 1");
  observer.setOptions(asked("mine", 2));
  expect(observer.getCurrentResult().data).toBe("mine 1");
  await expect.poll(() => observer.getCurrentResult().data).toBe("mine 2");
  observer.setOptions(asked("overdue", 2));
  expect(observer.getCurrentResult().data).toBe(undefined);
  await expect.poll(() => observer.getCurrentResult().data).toBe("overdue 2");
  stop();
});
