// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "serve/routing/json.h"
#include "serve/services.h"

namespace freshet::serve {

/// Writes the lists as a member "lists", or of another name.
void write_lists(JsonWriter& out, std::string_view name, const std::vector<store::StoredList>& lists);

}  // namespace freshet::serve
