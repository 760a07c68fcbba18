"""The practice Bybit: a made-up (or replayed) market, matching, accounts and the V5 protocol around them."""
