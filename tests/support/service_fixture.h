// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/metrics.h"
#include "base/watermark.h"
#include "ingest/intake/log_item_writer.h"
#include "ingest/intake/log_served_list_writer.h"
#include "online/model/model.h"
#include "serve/api/api.h"
#include "store/catalogue.h"
#include "store/database.h"
#include "store/history_store.h"
#include "store/served_lists.h"
#include "store/transient_histories.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_event_writer.h"
#include "tests/support/history_events.h"
#include "tests/support/item_changes.h"
#include "tests/support/item_log.h"
#include "tests/support/light_parts.h"
#include "tests/support/test_store.h"

namespace freshet::testing {

/// Answers a request whose head and body are both there.
inline void handle(const serve::Api& api, const serve::ApiRequest& request, serve::Respond respond) {
  api.handle(api.match(request), request, std::move(respond));
}

/// Everything that the server needs, real except for the event log, with a model that has learned sessions a, b, c.
class ServiceFixture {
 public:
  explicit ServiceFixture(const store::CatalogueOptions& catalogue_options = {})
      : database(options_in(dir), clock), histories(database), catalogue(database, catalogue_options, &columns) {
    model = std::make_unique<online::Model>(online, online::make_parts(online), ids);
    std::int64_t offset = 0;
    for (int session = 0; session < 30; ++session) {
      for (const char* item : {"a", "b", "c"}) {
        learn(user_event(offset, "u" + std::to_string(session), item, 1'700'000'000'000 + offset * 1000));
        ++offset;
      }
    }
    snapshot = model->publish(clock.now());
  }

  /// Adds the event to histories and model.
  void learn(const PositionedEvent& entry) {
    model->learn(entry.event);
    const auto counts = histories.commit(batch_of({entry}), true);
    FRESHET_CHECK(counts.has_value());
    visible.move_to({{0, entry.position.offset + 1}});
  }

  serve::Services services() {
    return {histories,
            transient,
            pseudonyms,
            catalogue,
            columns,
            sink,
            items,
            visible,
            online,
            model->vocabulary(),
            [this] { return snapshot; },
            [this] { return status; },
            clock,
            metrics,
            served,
            lists,
            served_share};
  }

  TempDirectory dir;
  online::Options online = light_options();
  const online::IdHash ids{SipKey{1, 2}};
  FakeClock clock{timestamp_from_ms(1'800'000'000'000)};
  Metrics metrics;
  Watermark visible;
  Pseudonyms pseudonyms;
  FakeEventWriter sink;
  store::Database database;
  store::HistoryStore histories;
  store::TransientHistories transient{store::Options{}, clock, metrics};
  ItemLog item_log{histories, visible};
  ingest::LogItemWriter items{item_log, {}, metrics};
  store::ServedLists served{database};
  ingest::LogServedListWriter lists{item_log, {}};
  double served_share = 1;
  store::AttributeColumns columns;
  store::Catalogue catalogue;
  std::unique_ptr<online::Model> model;
  std::shared_ptr<const online::Snapshot> snapshot;
  serve::ServiceStatus status;
};

}  // namespace freshet::testing
