// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>

#include "base/position.h"
#include "serve/api/v1/export_cursor.h"
#include "serve/options.h"
#include "serve/recommend/excluded_types.h"
#include "serve/recommend/list.h"
#include "serve/routing/parameter.h"
#include "serve/services.h"

namespace freshet::serve {

inline constexpr std::size_t kMaxPageEvents = 1000;  ///< of an export
inline constexpr std::size_t kMaxPageItems = 1000;   ///< of the catalogue
inline constexpr std::size_t kMaxPageLists = 100;    ///< of the lists that were served

/// The path and query parameters of the API, each declared once. Routes refer to them, so they must not move.
struct Parameters {
  explicit Parameters(const Options& options);
  Parameters(const Parameters&) = delete;
  Parameters& operator=(const Parameters&) = delete;

  const Parameter<std::string> user, session, item;  ///< in the path

  const Parameter<std::size_t> k;
  const Parameter<std::set<std::string, std::less<>>> exclude;
  const Parameter<bool> exclude_seen, explain;
  const Parameter<std::optional<ExcludedTypes>> exclude_types;
  const Parameter<std::optional<std::string>> filter;
  const Parameter<std::optional<double>> content;
  const Parameter<std::optional<std::string>> placement;
  const Parameter<std::optional<std::chrono::milliseconds>> exclude_served;
  const Parameter<std::optional<std::string>> page;  ///< parse_page_token() judges it
  const Parameter<std::optional<online::Values>> value;
  const Parameter<std::optional<Positions>> after;

  const Parameter<std::size_t> limit;       ///< of the newest events of a history
  const Parameter<std::size_t> page_limit;  ///< of a page of an export
  const Parameter<std::optional<ExportCursor>> cursor;
  const Parameter<std::size_t> list_limit;  ///< of a page of the lists that were served
  const Parameter<std::optional<store::HistoryCursor>> served_cursor;
  const Parameter<std::size_t> item_limit;  ///< of a page of the catalogue
  const Parameter<std::optional<std::string>> item_cursor;
};

}  // namespace freshet::serve
