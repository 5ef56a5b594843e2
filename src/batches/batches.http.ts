import type { AnswerDeps } from "../kit/answer.http.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { getBatch } from "./find-batch.http.ts";
import type { FindBatch } from "./receipt.ts";
import { getRejects } from "./rejected-rows.http.ts";
import type { FindRejects } from "./rejects.ts";

interface Deps {
  findBatch: FindBatch;
  findRejects: FindRejects;
  answers: AnswerDeps;
}

/** The endpoints for the receipt and the rejected rows of a batch. */
export const endpoints = ({ findBatch, findRejects, answers }: Deps): Endpoint[] => [
  getBatch(findBatch),
  getRejects(findRejects, answers),
];
