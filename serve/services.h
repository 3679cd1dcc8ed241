// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/event_writer.h"
#include "base/item_writer.h"
#include "base/metrics.h"
#include "base/pseudonyms.h"
#include "base/served_list_writer.h"
#include "base/watermark.h"
#include "online/model/ranking.h"
#include "online/model/vocabulary.h"
#include "online/part/options.h"
#include "serve/service_status.h"
#include "store/catalogue.h"
#include "store/catalogue/attribute_columns.h"
#include "store/history_store.h"
#include "store/served_lists.h"
#include "store/transient_histories.h"

namespace freshet::serve {

/// What a request may use. All of it outlives the server.
struct Services {
  store::HistoryStore& histories;
  store::TransientHistories& transient;  ///< events without consent
  Pseudonyms pseudonyms;                 ///< the names of users and sessions in histories and learner
  store::Catalogue& catalogue;
  const store::AttributeColumns& columns;  ///< of the catalogue, under its lock
  EventWriter& events;
  ItemWriter& items;
  Watermark& visible;  ///< positions up to which the histories are complete
  const online::Options& online;
  const online::Vocabulary& vocabulary;
  std::function<std::shared_ptr<const online::Snapshot>()> snapshot;
  std::function<ServiceStatus()> status;
  const Clock& clock;
  Metrics& metrics;
  const store::ServedLists& served;
  ServedListWriter& lists;
  double served_share = 1;  ///< of the lists that are recorded
};

}  // namespace freshet::serve
