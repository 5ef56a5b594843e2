/*
 * A cluster that speaks Kafka's protocol, kept in memory by librdkafka, for tests: test/harness/brokers.ts compiles and drives it.
 *
 * It takes the number of brokers, prints `ready HOST:PORT,…`, and then does what each line of its input says, answering `ok` or
 * `failed REASON`. It ends with its input.
 *
 *   create TOPIC PARTITIONS      makes a topic
 *   stop BROKER | start BROKER   a broker (from 1) refuses connections, or takes them again; what it holds stays
 *   lead TOPIC PARTITION BROKER  moves the leader of a partition
 *   fail API CODE COUNT          the next COUNT requests of this API key get this error code
 */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_FAILURES 256

static rd_kafka_resp_err_t obey(rd_kafka_mock_cluster_t *cluster, const char *line) {
  char topic[256];
  int first, second, third;

  if (sscanf(line, "create %255s %d", topic, &first) == 2)
    return rd_kafka_mock_topic_create(cluster, topic, first, 1);
  if (sscanf(line, "stop %d", &first) == 1)
    return rd_kafka_mock_broker_set_down(cluster, first);
  if (sscanf(line, "start %d", &first) == 1)
    return rd_kafka_mock_broker_set_up(cluster, first);
  if (sscanf(line, "lead %255s %d %d", topic, &first, &second) == 3)
    return rd_kafka_mock_partition_set_leader(cluster, topic, first, second);
  if (sscanf(line, "fail %d %d %d", &first, &second, &third) == 3 && third > 0 && third <= MOST_FAILURES) {
    rd_kafka_resp_err_t errors[MOST_FAILURES];
    for (int i = 0; i < third; i++)
      errors[i] = (rd_kafka_resp_err_t)second;
    rd_kafka_mock_push_request_errors_array(cluster, (int16_t)first, (size_t)third, errors);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  return RD_KAFKA_RESP_ERR__INVALID_ARG;
}

int main(int argc, char **argv) {
  char reason[256], line[512];
  /* The cluster belongs to a client, which does nothing else. */
  rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), reason, sizeof(reason));
  if (!client) {
    fprintf(stderr, "%s\n", reason);
    return 1;
  }
  rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(client, argc > 1 ? atoi(argv[1]) : 1);
  if (!cluster) {
    fprintf(stderr, "the cluster could not be made\n");
    return 1;
  }
  printf("ready %s\n", rd_kafka_mock_cluster_bootstraps(cluster));
  fflush(stdout);
  while (fgets(line, sizeof(line), stdin)) {
    rd_kafka_resp_err_t error = obey(cluster, line);
    if (error)
      printf("failed %s\n", rd_kafka_err2name(error));
    else
      printf("ok\n");
    fflush(stdout);
  }
  rd_kafka_mock_cluster_destroy(cluster);
  rd_kafka_destroy(client);
  return 0;
}
