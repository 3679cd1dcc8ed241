// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <optional>

#include "ingest/kafka/kafka_log.h"
#include "tests/support/event_log_contract.h"
#include "tests/support/mock_kafka.h"

namespace freshet::ingest {
namespace {

using freshet::testing::contract_name;
using freshet::testing::EventLogContract;
using freshet::testing::LogUnderTest;
using freshet::testing::LogUnderTestFactory;

class KafkaUnderTest final : public LogUnderTest {
 public:
  explicit KafkaUnderTest(KafkaOptions options) : options_(std::move(options)) { reopen(); }
  explicit KafkaUnderTest(std::unique_ptr<testing::MockKafka> kafka) : kafka_(std::move(kafka)) {
    kafka_->create_topic("events", 4);
    options_ = kafka_->options("events");
    reopen();
  }

  EventLog& log() override { return *log_; }
  void reopen() override {
    log_.reset();
    log_.emplace(options_, metrics_);
  }

 private:
  std::unique_ptr<testing::MockKafka> kafka_;
  KafkaOptions options_;
  Metrics metrics_;
  std::optional<KafkaLog> log_;
};

/// Topics of a real cluster outlive a test: each log under test has its own topic, created by its first append.
KafkaOptions options_on(const std::string& brokers) {
  static std::atomic<int> number{0};
  KafkaOptions options;
  options.brokers = brokers;
  options.topic = "freshet-contract-" + std::to_string(getpid()) + "-" +
                  std::to_string(std::chrono::system_clock::now().time_since_epoch().count() % 1'000'000'000) + "-" +
                  std::to_string(++number);
  options.group = options.topic;
  options.dead_letter_topic = options.topic + "-dead";
  options.state_topic.clear();
  return options;
}

INSTANTIATE_TEST_SUITE_P(MockKafka, EventLogContract,
                         ::testing::Values(LogUnderTestFactory{
                             "Kafka",
                             [] { return std::make_unique<KafkaUnderTest>(std::make_unique<testing::MockKafka>()); }}),
                         contract_name);

/// On the cluster that FRESHET_TEST_BROKERS names, which must create topics automatically.
INSTANTIATE_TEST_SUITE_P(RealKafka, EventLogContract,
                         ::testing::Values(LogUnderTestFactory{
                             "Kafka",
                             []() -> std::unique_ptr<LogUnderTest> {
                               const char* brokers = std::getenv("FRESHET_TEST_BROKERS");
                               if (brokers == nullptr) return nullptr;
                               return std::make_unique<KafkaUnderTest>(options_on(brokers));
                             }}),
                         contract_name);

}  // namespace
}  // namespace freshet::ingest
