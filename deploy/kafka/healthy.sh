#!/bin/bash
# Whether Kafka answers and has the topics that Tripgrid reads and publishes to. The first call makes them, with four partitions
# each; later ones only connect, since Kafka's own tools take seconds to start.
set -eu
made=/tmp/topics-are-made
if [ ! -e "$made" ]; then
  for topic in trips trips.rejected intellisite.detections intellisite.detections.rejected intellisite.alerts; do
    /opt/kafka/bin/kafka-topics.sh --bootstrap-server kafka:9092 --create --if-not-exists --topic "$topic" --partitions 4
  done
  touch "$made"
fi
: </dev/tcp/kafka/9092
