// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "base/options.h"

namespace freshet::store {

/// [catalogue]: what each option means and takes: catalogue_options.cc.
struct CatalogueOptions {
  bool strict = false;
  std::size_t max_items = 10'000'000;
  std::map<std::string, double> vectors = {};  ///< dimensions, whole numbers, by name

  static std::vector<Option<CatalogueOptions>> describe();
  OptionProblems validate() const { return check(describe(), *this); }
};

}  // namespace freshet::store
