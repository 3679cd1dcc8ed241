// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace CLI {
class App;
}

namespace freshet::cli {

/// `freshet items export`: the catalogue of a running service as JSON lines.
void add_items_command(CLI::App& app);

}  // namespace freshet::cli
