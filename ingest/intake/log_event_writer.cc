// SPDX-License-Identifier: Apache-2.0
#include "ingest/intake/log_event_writer.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "ingest/codec/age_limit.h"
#include "ingest/codec/event_encoder.h"
#include "ingest/codec/event_splitter.h"

namespace freshet::ingest {

namespace {

Counter& submitted(Metrics& metrics, const char* result) {
  return metrics.counter("freshet_ingest_submitted_total", "Events in HTTP requests, by what became of them.",
                         {{"result", result}});
}

}  // namespace

LogEventWriter::LogEventWriter(EventLog& log, store::TransientHistories& transient, const DecodeOptions& decode,
                               Pseudonyms logged, Pseudonyms held, const Clock& clock, Metrics& metrics)
    : log_(log),
      transient_(transient),
      decode_(decode),
      logged_(std::move(logged)),
      held_(std::move(held)),
      clock_(clock),
      accepted_(submitted(metrics, "accepted")),
      invalid_(submitted(metrics, "invalid")),
      too_old_(submitted(metrics, "too_old")),
      decoders_([this] { return std::make_unique<EventDecoder>(decode_); }) {}

Result<Event> LogEventWriter::decode(EventDecoder& decoder, std::string_view text) const {
  auto event = decoder.decode(text, {}, clock_.now());
  if (event && event->kind == EventKind::erase) {
    return Error{Errc::invalid, "type: \"$erase\" is reserved; use DELETE /v1/users/{user}"};
  }
  if (event && event->kind == EventKind::item) {
    return Error{Errc::invalid, "type: \"$item\" is reserved; use PUT /v1/items/{item}"};
  }
  if (event && event->kind == EventKind::served) {
    return Error{Errc::invalid, "$served: is reserved; freshet itself records the lists that it serves"};
  }
  return event;
}

Result<Event> LogEventWriter::judge(std::string_view text) {
  const auto decoder = decoders_.borrow();
  auto event = decode(*decoder, with_sender(text, "/"));  // refuses the member, as submit() does
  if (event) event->sender.clear();
  return event;
}

Result<void> LogEventWriter::judge_type(std::string_view type) { return decoders_.borrow()->check_type(type); }

LogEntry LogEventWriter::entry(Event event, std::string text) const {
  if (!logged_.in_use()) return {std::string(partition_key(event)), std::move(text)};
  logged_.replace_in(event);
  return {std::string(partition_key(event)), encode_event(event)};
}

std::uint64_t LogEventWriter::weigh(std::string_view body, std::size_t max_events, BodyForm form) const {
  constexpr std::size_t kKiB = 1024;
  const auto started = [](std::string_view text) -> std::uint64_t {
    return std::max<std::size_t>(1, (text.size() + kKiB - 1) / kKiB);
  };
  const auto texts = split_events(body, max_events, form);
  if (!texts) return started(body);
  std::uint64_t events = 0;
  for (const std::string_view text : *texts) events += started(text);
  return events;
}

void LogEventWriter::submit(std::string_view body, const Submission& submission,
                            std::function<void(Result<Receipt>)> done) {
  auto texts = split_events(body, submission.max_events, submission.form);
  if (!texts) return done(texts.error());

  Receipt receipt;
  std::vector<LogEntry> entries;
  std::vector<Event> withheld;
  entries.reserve(texts->size());
  const auto decoder = decoders_.borrow();
  for (std::size_t i = 0; i < texts->size(); ++i) {
    std::string text = with_sender((*texts)[i], submission.sender);
    auto event = decode(*decoder, text);
    if (!event) {
      invalid_.Increment();
      receipt.rejected.push_back({i, event.error().message});
    } else if (auto reason = too_old(*event, decode_)) {
      too_old_.Increment();
      receipt.rejected.push_back({i, *std::move(reason)});
    } else if (!event->consent) {
      held_.replace_in(*event);
      withheld.push_back(*std::move(event));
    } else {
      entries.push_back(entry(*std::move(event), std::move(text)));
    }
  }

  receipt.accepted = entries.size() + withheld.size();
  receipt.positions = {{0, 0}};  // always covered: there is nothing to wait for
  // Events are held only once the others are durable: after an error the client sends the whole request again.
  auto finish = [this, withheld = std::move(withheld), done = std::move(done)](Result<Receipt> all) {
    if (!all) return done(std::move(all));
    for (const Event& event : withheld) transient_.add(event);
    accepted_.Increment(static_cast<double>(all->accepted));
    done(std::move(all));
  };
  if (entries.empty()) return finish(std::move(receipt));
  log_.append(std::move(entries),
              [receipt = std::move(receipt), finish = std::move(finish)](Result<Positions> end) mutable {
                if (!end) return finish(end.error());
                receipt.positions = *std::move(end);
                finish(std::move(receipt));
              });
}

/// A record in every partition: a session's events are where their users' are, and producers may have other keys. First
/// where the owner's own events are, since only the log knows which partition that is.
void LogEventWriter::erase(const Owner& owner, std::function<void(Result<EraseReceipt>)> done) {
  const auto partitions = log_.partitions();
  if (!partitions) return done(partitions.error());
  const Owner logged = logged_.of(owner);
  const LogEntry record{.key = logged.id, .value = encode_erase(logged, true), .partition = {}, .erases = true};
  log_.append({record}, [this, record, partitions = *partitions, done = std::move(done)](Result<Positions> own) {
    if (!own) return done(own.error());
    std::vector<LogEntry> others;
    for (const std::int32_t partition : partitions) {
      if (!own->contains(partition)) others.push_back({record.key, record.value, partition, true});
    }
    if (others.empty()) return done(EraseReceipt{*own, *own});
    log_.append(std::move(others), [own = *std::move(own), done](Result<Positions> rest) {
      if (!rest) return done(rest.error());
      rest->insert(own.begin(), own.end());
      done(EraseReceipt{*std::move(rest), own});
    });
  });
}

}  // namespace freshet::ingest
