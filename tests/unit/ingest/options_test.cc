// SPDX-License-Identifier: Apache-2.0
#include "ingest/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace freshet::ingest {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

TEST(IngestOptions, DefaultsAreValid) {
  EXPECT_THAT(DecodeOptions{}.validate(), IsEmpty());
  EXPECT_THAT(EmbeddedOptions{}.validate(), IsEmpty());
  EXPECT_THAT(KafkaOptions{}.validate(), IsEmpty());
  EXPECT_THAT(WriterOptions{}.validate(), IsEmpty());
}

TEST(IngestOptions, EveryProblemIsReportedAtOnce) {
  DecodeOptions decode;
  decode.max_future_skew = std::chrono::seconds(-1);
  decode.max_record_bytes = 10;
  decode.types = {"view", "$mine", "", "view"};
  EXPECT_THAT(decode.validate(),
              ElementsAre(OptionProblem{"types", "\"$mine\" cannot be an event type"},
                          OptionProblem{"types", "\"\" cannot be an event type"},
                          OptionProblem{"types", "\"view\" is named twice"},
                          OptionProblem{"max_future_skew", "expected a duration 0s to 365d, such as \"30s\""},
                          OptionProblem{"max_record_bytes", "expected a size 1KiB to 16MiB, such as \"64MiB\""}));

  EmbeddedOptions embedded;
  embedded.max_queued_records = 0;
  embedded.max_queued_bytes = 0;
  embedded.retention = std::chrono::hours(-1);
  embedded.trim_interval = std::chrono::milliseconds(0);
  EXPECT_EQ(embedded.validate().size(), 4U);

  WriterOptions writer;
  writer.batch_records = 0;
  writer.poll_timeout = std::chrono::milliseconds(0);
  EXPECT_EQ(writer.validate().size(), 2U);
}

TEST(IngestOptions, WhatOurPromisesRestOnCannotBeChangedFromOutside) {
  for (const char* name :
       {"enable.auto.commit", "enable.auto.offset.store", "group.id", "bootstrap.servers", "metadata.broker.list",
        "acks", "enable.idempotence", "isolation.level", "auto.offset.reset", "transactional.id"}) {
    KafkaOptions options;
    options.properties[name] = "x";
    EXPECT_THAT(options.validate(),
                ElementsAre(OptionProblem{"properties." + std::string(name), "is set by freshet itself"}));
  }
  KafkaOptions options;
  options.properties["security.protocol"] = "ssl";
  EXPECT_THAT(options.validate(), IsEmpty());
}

TEST(IngestOptions, KafkaNamesMustBePossible) {
  const auto of = [](const char* key) { return Field(&OptionProblem::key, key); };
  KafkaOptions options;
  options.brokers = "";
  options.topic = "has space";
  options.group = "";
  options.dead_letter_topic = "..";
  EXPECT_THAT(options.validate(), ElementsAre(of("brokers"), of("topic"), of("group"), of("dead_letter_topic")));
  options = {};
  options.dead_letter_topic = options.topic;
  EXPECT_THAT(options.validate(), ElementsAre(OptionProblem{"dead_letter_topic", "must differ from kafka.topic"}));
  options.dead_letter_topic = "";
  EXPECT_THAT(options.validate(), IsEmpty());
}

}  // namespace
}  // namespace freshet::ingest
