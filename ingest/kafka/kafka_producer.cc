// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka/kafka_producer.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>

#include "base/log.h"
#include "ingest/kafka/kafka_client.h"

namespace freshet::ingest {
namespace {

constexpr int kFlushMs = 5000;
constexpr std::chrono::seconds kMinLifetime{
    2};  // of a client, so that one that fails at once is not replaced in a loop

std::string fatal_error_of(rd_kafka_t* client) {
  char reason[512];
  return rd_kafka_fatal_error(client, reason, sizeof reason) == RD_KAFKA_RESP_ERR_NO_ERROR ? "" : reason;
}

/// Acknowledges several records as one.
class Delivery {
 public:
  Delivery(std::size_t records, EventLog::Appended done) : missing_(records), done_(std::move(done)) {}

  /// The result of one record: its position, or why it is not durable.
  void complete(Result<Position> position) {
    MutexLock lock(mutex_);
    if (position) {
      advance(positions_, {{position->partition, position->offset + 1}});
    } else if (failed_.message.empty()) {
      failed_ = position.error();
    }
    if (--missing_ > 0) return;
    Result<Positions> outcome(failed_);
    if (failed_.message.empty()) outcome = std::move(positions_);
    lock.unlock();
    done_(std::move(outcome));
  }

 private:
  Mutex mutex_;
  std::size_t missing_ FRESHET_GUARDED_BY(mutex_);
  Positions positions_ FRESHET_GUARDED_BY(mutex_);
  Error failed_ FRESHET_GUARDED_BY(mutex_){Errc::unavailable, ""};
  const EventLog::Appended done_;
};

using SharedDelivery = std::shared_ptr<Delivery>;

Error to_error(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      return {Errc::overloaded, "kafka: the producer's queue is full; try again later"};
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE: return {Errc::invalid, kafka_message(error)};
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT: return {Errc::unavailable, "kafka: closed before the acknowledgement"};
    default: return {Errc::unavailable, kafka_message(error)};
  }
}

/// Delivery report of one record.
void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void*) noexcept {
  const std::unique_ptr<SharedDelivery> delivery(static_cast<SharedDelivery*>(message->_private));
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    (*delivery)->complete(Position{message->partition, message->offset});
  } else {
    (*delivery)->complete(to_error(message->err));
  }
}

std::shared_ptr<rd_kafka_s> make_client(const KafkaOptions& options) {
  RdConf conf = make_conf(options,
                          {
                              // The partitioner of Java producers: a user's events are in one partition, whichever
                              // producer wrote them.
                              {"partitioner", "murmur2_random"},
                              // Collects records for 2 ms: far fewer requests for little latency.
                              {"linger.ms", "2"},
                              // Clients wait for the acknowledgement; the default is five minutes.
                              {"message.timeout.ms", "30000"},
                              // As embedded.max_queued_bytes: while the broker is away, producers get 503 beyond it.
                              {"queue.buffering.max.kbytes", "65536"},
                          },
                          {{"enable.idempotence", "true"},
                           {"acks", "all"},
                           {"queue.buffering.max.messages", std::to_string(KafkaProducer::kMaxQueuedRecords)}});
  rd_kafka_conf_set_dr_msg_cb(conf.get(), on_delivery);
  return make_producer(std::move(conf));
}

/// librdkafka copies key, value and headers.
void produce(rd_kafka_t* client, const std::string& topic, const OutgoingRecord& record,
             const SharedDelivery& delivery) {
  rd_kafka_headers_t* headers = nullptr;
  if (!record.headers.empty()) headers = rd_kafka_headers_new(record.headers.size());
  for (const auto& [name, value] : record.headers) {
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  }
  auto opaque = std::make_unique<SharedDelivery>(delivery);
  char* const value = record.tombstone ? nullptr : const_cast<char*>(record.value.data());
  const auto error = rd_kafka_producev(
      client, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(record.partition.value_or(RD_KAFKA_PARTITION_UA)),
      RD_KAFKA_V_KEY(record.key.data(), record.key.size()), RD_KAFKA_V_VALUE(value, record.value.size()),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(opaque.get()),
      RD_KAFKA_V_END);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    static_cast<void>(opaque.release());  // the delivery report owns it now
  } else {
    if (headers != nullptr) rd_kafka_headers_destroy(headers);
    delivery->complete(to_error(error));
  }
}

void purge(rd_kafka_t* client) {
  rd_kafka_purge(client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(client, kFlushMs);  // serves the delivery reports of what was purged
}

}  // namespace

KafkaProducer::KafkaProducer(const KafkaOptions& options)
    : options_(options),
      made_(std::chrono::steady_clock::now()),
      client_(make_client(options)),
      thread_([this](const std::stop_token& stop) {
        pthread_setname_np(pthread_self(), "freshet-produce");
        run(stop);
      }) {}

KafkaProducer::~KafkaProducer() {
  thread_.request_stop();
  thread_.join();
  const auto last = client();
  rd_kafka_flush(last.get(), kFlushMs);
  purge(last.get());
}

std::shared_ptr<rd_kafka_s> KafkaProducer::client() const {
  const MutexLock lock(mutex_);
  return client_;
}

bool KafkaProducer::is_used() const {
  const MutexLock lock(mutex_);
  return used_;
}

void KafkaProducer::send(const std::string& topic, std::span<const OutgoingRecord> records, EventLog::Appended done) {
  if (records.empty()) return done(Positions{});
  std::shared_ptr<rd_kafka_s> current;
  {
    const MutexLock lock(mutex_);
    used_ = true;
    current = client_;
  }
  // All or none: a queue with room for some of them counts as full.
  if (static_cast<std::size_t>(rd_kafka_outq_len(current.get())) + records.size() > kMaxQueuedRecords) {
    return done(to_error(RD_KAFKA_RESP_ERR__QUEUE_FULL));
  }
  const auto delivery = std::make_shared<Delivery>(records.size(), std::move(done));
  for (const OutgoingRecord& record : records) produce(current.get(), topic, record, delivery);
}

std::string KafkaProducer::problem() const {
  if (!is_used()) return "";
  const std::string reason = fatal_error_of(client().get());
  return reason.empty() ? "" : "kafka: the producer failed (" + reason + ")";
}

void KafkaProducer::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    rd_kafka_poll(client().get(), 100);
    replace_if_broken();
  }
}

void KafkaProducer::replace_if_broken() {
  const auto broken = client();
  const std::string reason = fatal_error_of(broken.get());
  const auto now = std::chrono::steady_clock::now();
  if (reason.empty() || !is_used() || now - made_ < kMinLifetime) return;
  log::error("kafka: the producer has failed and is replaced", {{"reason", reason}});
  made_ = now;
  {
    auto fresh = make_client(options_);
    const MutexLock lock(mutex_);
    client_ = std::move(fresh);
    used_ = false;
  }
  purge(broken.get());
}

}  // namespace freshet::ingest
