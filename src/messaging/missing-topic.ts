import { TopicMissing } from "./broker.ts";

export const missingTopic = (topic: string) =>
  new TopicMissing(`The topic ${topic} does not exist. It is read once it does.`);

/** Whether an error of kafkajs, or its cause, says that there is no such topic. */
export function isMissingTopic(error: unknown): boolean {
  const { type, cause } = (error ?? {}) as { type?: string; cause?: unknown };
  return type === "UNKNOWN_TOPIC_OR_PARTITION" || (cause !== undefined && isMissingTopic(cause));
}
