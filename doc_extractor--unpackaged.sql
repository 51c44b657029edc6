/* doc_extractor--unpackaged.sql: does nothing, as the tables exist already. */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION doc_extractor VERSION 'unpackaged'" to load this file. \quit
