/** Workers and the cluster, asked for again every two seconds. */

import { useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";

export type Cluster = Schemas["Cluster"];
export type Worker = Cluster["workers"][number];
export type Partition = Cluster["partitions"][number];
export type Process = Cluster["processes"][number];

const AGAIN_MS = 2_000;

/** All that any process knows of workers, processes and partitions. */
export function useCluster() {
  return useQuery({ queryKey: ["cluster"], refetchInterval: AGAIN_MS, queryFn: ({ signal }) => ask(api.GET("/v1/cluster", { signal })) });
}

/** What waits for a worker that is not there: what this process knows of it. */
export function useWaiting() {
  return useQuery({
    queryKey: ["workers", "waiting"],
    refetchInterval: AGAIN_MS,
    queryFn: ({ signal }) => ask(api.GET("/v1/workers", { signal })),
    select: ({ waiting }) => waiting,
  });
}
