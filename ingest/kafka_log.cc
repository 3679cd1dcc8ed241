#include "ingest/kafka_log.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>

#include <algorithm>
#include <future>
#include <mutex>
#include <utility>

#include "ingest/kafka_client.h"
#include "ingest/kafka_reader.h"

namespace freshet::ingest {
namespace {

constexpr int kMaxQueuedRecords = 100'000;
constexpr int kFlushMs = 5000;

/// Several records that are acknowledged as one.
class Delivery {
 public:
  Delivery(std::size_t records, EventLog::Appended done) : missing_(records), done_(std::move(done)) {}

  /// One record is durable at `position`, or is not.
  void complete(Result<Position> position) {
    {
      std::lock_guard lock(mutex_);
      if (position) {
        advance(positions_, {{position->partition, position->offset + 1}});
      } else if (failed_.message.empty()) {
        failed_ = position.error();
      }
      if (--missing_ > 0) return;
    }
    done_(failed_.message.empty() ? Result<Positions>(std::move(positions_)) : Result<Positions>(std::move(failed_)));
  }

 private:
  std::mutex mutex_;
  // guarded by mutex_
  std::size_t missing_;
  Positions positions_;
  Error failed_{Errc::unavailable, ""};
  EventLog::Appended done_;
};

using SharedDelivery = std::shared_ptr<Delivery>;

Error to_error(rd_kafka_resp_err_t error) {
  const std::string text = std::string("kafka: ") + rd_kafka_err2str(error);
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) return {Errc::overloaded, text};
  if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) return {Errc::invalid, text};
  return {Errc::unavailable, text};
}

/// Delivery report: hands over, nothing else.
void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void*) noexcept {
  const std::unique_ptr<SharedDelivery> delivery(static_cast<SharedDelivery*>(message->_private));
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    (*delivery)->complete(Position{message->partition, message->offset});
  } else {
    (*delivery)->complete(to_error(message->err));
  }
}

RdKafka make_event_producer(const KafkaOptions& options) {
  RdConf conf = make_conf(options, {{"enable.idempotence", "true"},
                                    {"acks", "all"},
                                    {"queue.buffering.max.messages", std::to_string(kMaxQueuedRecords)}});
  const auto given = [&](const char* name) { return options.properties.contains(name); };
  char ignored[64];
  // As Java producers place keys, so that a user's events meet in one partition whoever produced them.
  if (!given("partitioner")) rd_kafka_conf_set(conf.get(), "partitioner", "murmur2_random", ignored, sizeof ignored);
  // Wait a moment for company: latency that nobody notices, far fewer requests.
  if (!given("linger.ms")) rd_kafka_conf_set(conf.get(), "linger.ms", "2", ignored, sizeof ignored);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), on_delivery);
  return make_producer(std::move(conf));
}

struct Header {
  const char* name;
  std::string value;
};

/// Queues one record; its delivery is completed here if it cannot be queued. Kafka copies key, value and headers.
void produce(rd_kafka_t* producer, const std::string& topic, std::string_view key, std::string_view value,
             const std::vector<Header>& headers, const SharedDelivery& delivery) {
  rd_kafka_headers_t* kafka_headers = rd_kafka_headers_new(headers.size());
  for (const Header& header : headers) {
    rd_kafka_header_add(kafka_headers, header.name, -1, header.value.data(), static_cast<ssize_t>(header.value.size()));
  }
  auto opaque = std::make_unique<SharedDelivery>(delivery);
  const auto error = rd_kafka_producev(
      producer, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_KEY(key.data(), key.size()),
      RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_HEADERS(kafka_headers), RD_KAFKA_V_OPAQUE(opaque.get()), RD_KAFKA_V_END);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    opaque.release();  // the delivery report's now
  } else {
    rd_kafka_headers_destroy(kafka_headers);
    delivery->complete(to_error(error));
  }
}

}  // namespace

KafkaLog::KafkaLog(const KafkaOptions& options, Metrics& metrics)
    : options_(options),
      metrics_(metrics),
      monitor_(options),
      producer_(make_event_producer(options)),
      thread_([this](std::stop_token stop) {
        pthread_setname_np(pthread_self(), "freshet-produce");
        serve_deliveries(std::move(stop));
      }) {}

KafkaLog::~KafkaLog() {
  thread_.request_stop();
  thread_.join();
  // What cannot be delivered now is answered with an error rather than forgotten.
  rd_kafka_flush(producer_.get(), kFlushMs);
  rd_kafka_purge(producer_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(producer_.get(), kFlushMs);
}

void KafkaLog::serve_deliveries(std::stop_token stop) {
  while (!stop.stop_requested()) rd_kafka_poll(producer_.get(), 100);
}

void KafkaLog::append(std::vector<LogEntry> entries, Appended done) {
  if (static_cast<std::size_t>(rd_kafka_outq_len(producer_.get())) + entries.size() > kMaxQueuedRecords) {
    return done(Error{Errc::overloaded, "kafka does not keep up; try again"});
  }
  const auto delivery = std::make_shared<Delivery>(entries.size(), std::move(done));
  for (const LogEntry& entry : entries) {
    produce(producer_.get(), options_.topic, entry.key, entry.value, {}, delivery);
  }
}

std::unique_ptr<LogReader> KafkaLog::open_reader(Sharing sharing, PositionsOf positions_of) {
  if (sharing == Sharing::group) {
    return std::make_unique<KafkaGroupReader>(options_, monitor_, std::move(positions_of), metrics_);
  }
  return std::make_unique<KafkaFullReader>(options_, monitor_, metrics_);
}

Result<void> KafkaLog::append_dead_letters(std::span<const RejectedRecord> rejected,
                                           std::chrono::milliseconds timeout) {
  const auto outcome = std::make_shared<std::promise<Result<Positions>>>();
  auto future = outcome->get_future();
  const auto delivery = std::make_shared<Delivery>(
      rejected.size(), [outcome](Result<Positions> result) { outcome->set_value(std::move(result)); });
  for (const RejectedRecord& record : rejected) {
    std::vector<Header> headers{{"freshet-reason", record.reason},
                                {"freshet-topic", options_.topic},
                                {"freshet-partition", std::to_string(record.position.partition)},
                                {"freshet-offset", std::to_string(record.position.offset)}};
    for (const auto& [name, value] : record.headers) headers.push_back({name.c_str(), value});
    produce(producer_.get(), options_.dead_letter_topic, record.key, record.value, headers, delivery);
  }
  if (future.wait_for(timeout) != std::future_status::ready) {
    return Error{Errc::timed_out, "kafka: dead letters not acknowledged in time"};
  }
  auto result = future.get();
  if (!result) return result.error();
  return {};
}

}  // namespace freshet::ingest
