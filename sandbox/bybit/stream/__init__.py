"""The streams of the practice Bybit: public market data and what changes in an account."""
