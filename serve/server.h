#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/pseudonyms.h"
#include "base/watermark.h"
#include "online/options.h"
#include "online/ranking.h"
#include "online/vocabulary.h"
#include "serve/event_sink.h"
#include "serve/options.h"
#include "serve/service_status.h"
#include "store/catalogue.h"
#include "store/history_store.h"
#include "store/transient_histories.h"

namespace freshet::serve {

/// Everything a request may use. All of it outlives the server.
struct Services {
  store::HistoryStore& histories;
  store::TransientHistories& transient;  ///< events without consent
  Pseudonyms pseudonyms;                 ///< that histories and learner know users and sessions by
  store::Catalogue& catalogue;
  EventSink& events;
  Watermark& visible;  ///< positions that the histories contain
  const online::Options& online;
  const online::Vocabulary& vocabulary;
  std::function<std::shared_ptr<const online::Snapshot>()> snapshot;
  std::function<ServiceStatus()> status;
  const Clock& clock;
  Metrics& metrics;
};

/// The HTTP/1.1 server, with TLS if the options name a certificate: owns its I/O threads ("freshet-io-N") and
/// the one that waits for the disk in their place ("freshet-disk").
/// Errors: the constructor throws if it cannot listen ("cannot listen on 127.0.0.1:8080: address in use").
class Server {
 public:
  Server(const Options& options, Services services);
  ~Server();  ///< stop()

  std::uint16_t port() const;

  /// Reads the files of keys and certificate and opens the audit file again; connections stay. What cannot be used is
  /// logged and what is in use stays. Any thread.
  void reload();

  /// Stops accepting, lets requests in flight finish (bounded by drain_timeout), joins the threads, and so waits for a
  /// change that the disk is still at. Idempotent.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::serve
